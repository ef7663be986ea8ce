package portcullis

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// What each decision costs, and how much of it is the way into C: BenchmarkEmptyCall is that way alone.

var allowed = 0

func count(b *testing.B, decision Decision, err error) {
	if err != nil || decision != Allow {
		b.Fatal(decision, err)
	}
	allowed++
}

func BenchmarkEmptyCall(b *testing.B) {
	for round := 0; round < b.N; round++ {
		allowed += int(abiVersion())
	}
}

// BenchmarkPrepared has two typed values.
func BenchmarkPrepared(b *testing.B) {
	site, principal := prepared(b, usual(b))
	address := IP(netip.MustParseAddr("203.0.113.9"))
	b.ReportAllocs()
	b.ResetTimer()
	for round := 0; round < b.N; round++ {
		decision, err := site.Decide(principal, report, address, Bool(true))
		count(b, decision, err)
	}
}

// BenchmarkPreparedPlain has one statement without conditions: the least that can be decided.
func BenchmarkPreparedPlain(b *testing.B) {
	authorizer := authorizerOf(b, Document{Layer: Identity, Name: "plain", Text: `{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}`})
	site, err := authorizer.Prepare("s3:GetObject")
	if err != nil {
		b.Fatal(err)
	}
	principal, err := authorizer.Principal(ann)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for round := 0; round < b.N; round++ {
		decision, err := site.Decide(principal, report)
		count(b, decision, err)
	}
}

// BenchmarkStrings has everything as texts.
func BenchmarkStrings(b *testing.B) {
	authorizer := usual(b)
	request := Request{Principal: ann, Action: "s3:GetObject", Resource: report, Context: Keys(office)}
	b.ReportAllocs()
	b.ResetTimer()
	for round := 0; round < b.N; round++ {
		decision, err := authorizer.Decide(&request)
		count(b, decision, err)
	}
}

// BenchmarkStringsOfMap has the condition keys in a map, as the stores that are written in Go do.
func BenchmarkStringsOfMap(b *testing.B) {
	authorizer := usual(b)
	b.ReportAllocs()
	for round := 0; round < b.N; round++ {
		is, err := authorizer.IsAllowed(ann, "s3:GetObject", report, office)
		if !is || err != nil {
			b.Fatal(is, err)
		}
	}
}

func objects(count int) []string {
	all := make([]string, count)
	for place := range all {
		all[place] = fmt.Sprintf("arn:aws:s3:::reports/ann/%d.csv", place)
	}
	return all
}

// perDecision tells what one of a thousand decisions costs.
func perDecision(b *testing.B, start time.Time) {
	b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N)/1000, "ns/decision")
}

// BenchmarkResources decides a thousand resources in a call, prepared.
func BenchmarkResources(b *testing.B) {
	site, principal := prepared(b, usual(b))
	address, resources := IP(netip.MustParseAddr("203.0.113.9")), objects(1000)
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	for round := 0; round < b.N; round++ {
		decisions, err := site.DecideResources(principal, resources, address, Bool(true))
		if err != nil || decisions[999] != Allow {
			b.Fatal(err)
		}
	}
	perDecision(b, start)
}

// BenchmarkMany decides a thousand requests in a call, all from texts.
func BenchmarkMany(b *testing.B) {
	authorizer := usual(b)
	requests := make([]Request, 1000)
	for place, resource := range objects(1000) {
		requests[place] = Request{Principal: ann, Action: "s3:GetObject", Resource: resource, Context: Keys(office)}
	}
	b.ReportAllocs()
	b.ResetTimer()
	start := time.Now()
	for round := 0; round < b.N; round++ {
		decisions, err := authorizer.DecideMany(requests)
		if err != nil || decisions[999] != Allow {
			b.Fatal(err)
		}
	}
	perDecision(b, start)
}
