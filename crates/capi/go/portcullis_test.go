package portcullis

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

const policy = `{"Version": "2012-10-17", "Statement": [
	{"Sid": "Own", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/${aws:username}/*",
	 "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
	{"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::reports",
	 "Condition": {"StringLike": {"s3:prefix": "public/*"}}},
	{"Sid": "Tls", "Effect": "Deny", "Action": "s3:*", "Resource": "*",
	 "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}`

const (
	ann    = "arn:aws:iam::111122223333:user/ann"
	report = "arn:aws:s3:::reports/ann/q1.csv"
	his    = "arn:aws:s3:::reports/bob/q1.csv"
)

var office = map[string][]string{"aws:SourceIp": {"203.0.113.9"}, "aws:SecureTransport": {"true"}}

func authorizerOf(t testing.TB, documents ...Document) *Authorizer {
	t.Helper()
	policies, err := Compile(documents...)
	if err != nil {
		t.Fatal(err)
	}
	authorizer, err := NewAuthorizer(policies)
	if err != nil {
		t.Fatal(err)
	}
	policies.Close()
	return authorizer
}

func usual(t testing.TB) *Authorizer {
	return authorizerOf(t, Document{Layer: Identity, Name: "policy", Text: policy})
}

// prepared is the site and the principal of the benchmarks.
func prepared(t testing.TB, authorizer *Authorizer) (*Site, *Principal) {
	t.Helper()
	site, err := authorizer.Prepare("s3:GetObject", "aws:SourceIp", "aws:SecureTransport")
	if err != nil {
		t.Fatal(err)
	}
	principal, err := authorizer.Principal(ann)
	if err != nil {
		t.Fatal(err)
	}
	return site, principal
}

func expect(t *testing.T, what string, decision Decision, err error, expected Decision) {
	t.Helper()
	if err != nil || decision != expected {
		t.Errorf("%s: %v, %v; expected %v", what, decision, err, expected)
	}
}

// refused expects an error of a kind that says something.
func refused(t *testing.T, err error, code ErrorCode, says string) *Error {
	t.Helper()
	var own *Error
	if !errors.As(err, &own) || own.Code != code || !strings.Contains(own.Text, says) {
		t.Fatalf("%v; expected code %d and %q", err, code, says)
	}
	return own
}

func TestNumbers(t *testing.T) {
	if ImplicitDeny != 0 || Allow != 1 || ExplicitDeny != 2 {
		t.Error("the numbers are not those of the contract")
	}
	var zero Decision
	if zero.IsAllow() || ExplicitDeny.IsAllow() || !Allow.IsAllow() {
		t.Error("only Allow is consent")
	}
	if fmt.Sprint(ImplicitDeny, Allow, ExplicitDeny, Decision(3)) != "ImplicitDeny Allow ExplicitDeny Decision(3)" {
		t.Error(ImplicitDeny, Allow, ExplicitDeny, Decision(3))
	}
}

func TestDecide(t *testing.T) {
	authorizer := usual(t)
	is, err := authorizer.IsAllowed(ann, "s3:GetObject", report, office)
	if !is || err != nil {
		t.Error(is, err)
	}
	is, err = authorizer.IsAllowed(ann, "s3:GetObject", his, office)
	if is || err != nil {
		t.Error(is, err)
	}
	request := Request{Principal: ann, Action: "s3:GetObject", Resource: report, Context: []Key{
		{"aws:SourceIp", IP(netip.MustParseAddr("::ffff:203.0.113.9"))},
		{"aws:SecureTransport", Bool(true)},
	}}
	decision, err := authorizer.Decide(&request)
	expect(t, "typed", decision, err, Allow)
	request.Context[1].Value = Bool(false)
	decision, err = authorizer.Decide(&request)
	expect(t, "without TLS", decision, err, ExplicitDeny)
	request.Context = nil
	decision, err = authorizer.Decide(&request)
	expect(t, "without keys", decision, err, ImplicitDeny)
	used, err := authorizer.UsesKey("AWS:SourceIP")
	if !used || err != nil {
		t.Error(used, err)
	}
	used, err = authorizer.UsesKey("aws:SourceVpc")
	if used || err != nil {
		t.Error(used, err)
	}
}

func TestPrepared(t *testing.T) {
	authorizer := usual(t)
	site, principal := prepared(t, authorizer)
	address := IP(netip.MustParseAddr("203.0.113.9"))
	decision, err := site.Decide(principal, report, address, Bool(true))
	expect(t, "typed", decision, err, Allow)
	decision, err = site.Decide(principal, report, Text("203.0.113.9"), Text("true"))
	expect(t, "texts", decision, err, Allow)
	decision, err = site.Decide(principal, report, address, Texts("false"))
	expect(t, "without TLS", decision, err, ExplicitDeny)
	decision, err = site.Decide(principal, report, Value{}, Value{})
	expect(t, "absent", decision, err, ImplicitDeny)
	decision, err = site.Decide(principal, report, address)
	refused(t, err, ErrorRequest, "1 values are given for 2 keys")
	if decision != ImplicitDeny {
		t.Error(decision)
	}
	_, err = site.Decide(principal, report)
	refused(t, err, ErrorRequest, "0 values are given for 2 keys")
	_, err = site.Decide(nil, report, address, Bool(true))
	refused(t, err, ErrorRequest, "")
	decision, err = authorizer.Decide(&Request{Resolved: principal, Action: "s3:GetObject", Resource: report})
	expect(t, "resolved", decision, err, ImplicitDeny)
	_, err = authorizer.Decide(&Request{Resolved: principal, Principal: ann, Action: "s3:GetObject", Resource: report})
	refused(t, err, ErrorArgument, "two principals")
	_, err = authorizer.Prepare("s3:Get*")
	refused(t, err, ErrorRequest, "")
	_, err = authorizer.Principal("ann")
	refused(t, err, ErrorRequest, "`ann`")
}

func TestValues(t *testing.T) {
	authorizer := authorizerOf(t, Document{Layer: Identity, Name: "values", Text: `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {
			"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}, "NumericLessThan": {"s3:max-keys": "10"},
			"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}, "IpAddress": {"aws:SourceIp": "2001:db8::/32"}}}}`})
	site, err := authorizer.Prepare("s3:PutObject", "aws:TagKeys", "s3:max-keys", "aws:CurrentTime", "aws:SourceIp")
	if err != nil {
		t.Fatal(err)
	}
	principal, err := authorizer.Principal(ann)
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	good := []Value{Texts("team", "cost"), Number(9), Time(end.Add(-1)), IP(netip.MustParseAddr("2001:db8::1"))}
	decision, err := site.Decide(principal, report, good...)
	expect(t, "good", decision, err, Allow)
	for place, other := range []Value{Texts("team", "owner"), Number(10), Time(end), IP(netip.MustParseAddr("203.0.113.9"))} {
		changed := append([]Value(nil), good...)
		changed[place] = other
		decision, err := site.Decide(principal, report, changed...)
		expect(t, fmt.Sprint(place), decision, err, ImplicitDeny)
	}
	_, err = site.Decide(principal, report, good[0], good[1], Time(time.Unix(-1, 0)), good[3])
	refused(t, err, ErrorArgument, "an instant is out of range")
}

func TestMany(t *testing.T) {
	authorizer := usual(t)
	site, principal := prepared(t, authorizer)
	resources := []string{report, his, report}
	expected := fmt.Sprint([]Decision{Allow, ImplicitDeny, Allow})
	decisions, err := site.DecideResources(principal, resources, Text("203.0.113.9"), Bool(true))
	if err != nil || fmt.Sprint(decisions) != expected {
		t.Error(decisions, err)
	}
	request := Request{Principal: ann, Action: "s3:GetObject", Context: Keys(office)}
	decisions, err = authorizer.DecideResources(&request, resources)
	if err != nil || fmt.Sprint(decisions) != expected {
		t.Error(decisions, err)
	}
	requests := make([]Request, len(resources))
	for place, resource := range resources {
		requests[place] = request
		requests[place].Resource = resource
	}
	decisions, err = authorizer.DecideMany(requests)
	if err != nil || fmt.Sprint(decisions) != expected {
		t.Error(decisions, err)
	}
	requests[1].Principal = "ann"
	decisions, err = authorizer.DecideMany(requests)
	refused(t, err, ErrorRequest, "request 1: `ann`")
	if decisions != nil {
		t.Error(decisions)
	}
	decisions, err = authorizer.DecideMany(nil)
	if err != nil || len(decisions) != 0 {
		t.Error(decisions, err)
	}
	_, err = authorizer.DecideResources(&request, []string{"arn:aws:s3:::b/\xff"})
	refused(t, err, ErrorArgument, "resource 0: ")
}

func TestExplain(t *testing.T) {
	authorizer := usual(t)
	request := Request{Principal: ann, Action: "s3:GetObject", Resource: report}
	text, err := authorizer.Explain(&request)
	if err != nil || !strings.Contains(text, "aws:SourceIp") {
		t.Error(text, err)
	}
	json, err := authorizer.ExplainJSON(&request)
	if err != nil || !strings.Contains(json, "ImplicitDeny") {
		t.Error(json, err)
	}
	request.Principal = "ann"
	_, err = authorizer.Explain(&request)
	refused(t, err, ErrorRequest, "`ann`")
}

func TestPolicies(t *testing.T) {
	_, err := Compile(Document{Layer: SCP, Name: "typo", Text: "{\n\"Statement\": {\"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resorce\": \"*\"}}"})
	own := refused(t, err, ErrorPolicy, "typo:2:")
	if problem := own.Problems[0]; problem.File != "typo" || problem.Line != 2 || problem.Code == "" || problem.Message == "" {
		t.Error(own.Problems)
	}
	_, err = Compile(Document{Layer: Identity, Name: "empty"})
	refused(t, err, ErrorPolicy, "empty:1:1")
	_, err = Compile(Document{Name: "nowhere", Text: policy})
	refused(t, err, ErrorArgument, "there is no layer 0")
	_, err = Compile(Document{Layer: Identity, Text: policy, Present: true})
	refused(t, err, ErrorArgument, "document 0: it is a text, or a file, or none")
	_, err = Compile(Document{Layer: Identity, File: "/nowhere/policy.iam"})
	refused(t, err, ErrorPolicy, "/nowhere/policy.iam")

	// A session policy limits, and a layer without a document allows nothing.
	everything := `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	limited := authorizerOf(t, Document{Layer: Identity, Name: "own", Text: everything}, Document{Layer: Boundary, Present: true})
	decision, err := limited.Decide(&Request{Principal: ann, Action: "s3:GetObject", Resource: report})
	expect(t, "boundary", decision, err, ImplicitDeny)

	policies, err := Compile(Document{Layer: Identity, Name: "own", Text: everything})
	if err != nil {
		t.Fatal(err)
	}
	again, err := Open(policies.Bytes())
	if err != nil || string(again.Bytes()) != string(policies.Bytes()) {
		t.Fatal(err)
	}
	_, err = Open([]byte("no image"))
	refused(t, err, ErrorImage, "")
	_, err = NewAuthorizer(policies, nil)
	refused(t, err, ErrorArgument, "image")
}

func TestCallers(t *testing.T) {
	authorizer := authorizerOf(t, Document{Layer: Resource, Name: "bucket", Text: `{"Statement": {
		"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}`})
	anybody, err := authorizer.Resolve(Caller{Kind: Anonymous})
	if err != nil {
		t.Fatal(err)
	}
	request := Request{Resolved: anybody, Action: "s3:GetObject", Resource: report}
	decision, err := authorizer.Decide(&request)
	expect(t, "anonymous", decision, err, Allow)
	request.RestrictPublicBuckets = true
	decision, err = authorizer.Decide(&request)
	expect(t, "restricted", decision, err, ImplicitDeny)
	_, err = authorizer.Resolve(Caller{Kind: Anonymous, Name: ann})
	refused(t, err, ErrorRequest, "a name too many")
	_, err = authorizer.Resolve(Caller{Name: ann})
	refused(t, err, ErrorArgument, "there is no kind 0 of callers")
}

// What was closed is an error, and closing twice does nothing.
func TestClosed(t *testing.T) {
	authorizer := usual(t)
	site, principal := prepared(t, authorizer)
	authorizer.Close()
	authorizer.Close()
	decision, err := site.Decide(principal, report, Text("203.0.113.9"), Bool(true))
	refused(t, err, ErrorArgument, "authorizer: there is no such handle")
	if decision != ImplicitDeny {
		t.Error(decision)
	}
	site.Close()
	site.Close()
	principal.Close()
	principal.Close()
}

func TestGoroutines(t *testing.T) {
	authorizer := usual(t)
	site, principal := prepared(t, authorizer)
	var group sync.WaitGroup
	for worker := 0; worker < 8; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for round := 0; round < 500; round++ {
				decision, err := site.Decide(principal, report, Text("203.0.113.9"), Bool(true))
				if err != nil || decision != Allow {
					t.Error(decision, err)
				}
				is, err := authorizer.IsAllowed(ann, "s3:GetObject", his, office)
				if err != nil || is {
					t.Error(is, err)
				}
			}
		}()
	}
	group.Wait()
}

// FuzzFlat holds what Go writes in the flat form to what C takes apart: it is decided, or refused for what is in it.
func FuzzFlat(f *testing.F) {
	f.Add(ann, "s3:GetObject", report, "aws:SourceIp", "203.0.113.9", int64(5))
	f.Add("", "", "", "", "\x00\xff", int64(-1))
	authorizer := usual(f)
	f.Fuzz(func(t *testing.T, principal, action, resource, key, text string, number int64) {
		request := Request{Principal: principal, Action: action, Resource: resource, Context: []Key{
			{key, Text(text)}, {key, Texts(text, text)}, {key, Number(number)}, {text, Bool(number > 0)},
		}}
		one, err := authorizer.Decide(&request)
		many, other := authorizer.DecideMany([]Request{request})
		if (err == nil) != (other == nil) {
			t.Fatal(err, other)
		}
		if err == nil && one != many[0] || err != nil && (one != ImplicitDeny || strings.Contains(err.Error(), "flat form") && !strings.Contains(err.Error(), "UTF-8")) {
			t.Fatal(one, many, err)
		}
	})
}
