package portcullis

import (
	"fmt"
	"net/netip"
	"syscall"
	"testing"
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
	measured(b, 1, func() {
		allowed += int(abiVersion())
	})
}

// BenchmarkPrepared has two typed values.
func BenchmarkPrepared(b *testing.B) {
	site, principal := prepared(b, usual(b))
	address := IP(netip.MustParseAddr("203.0.113.9"))
	measured(b, 1, func() {
		decision, err := site.Decide(principal, report, address, Bool(true))
		count(b, decision, err)
	})
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
	measured(b, 1, func() {
		decision, err := site.Decide(principal, report)
		count(b, decision, err)
	})
}

// BenchmarkStrings has everything as texts.
func BenchmarkStrings(b *testing.B) {
	authorizer := usual(b)
	request := Request{Principal: ann, Action: "s3:GetObject", Resource: report, Context: Keys(office)}
	measured(b, 1, func() {
		decision, err := authorizer.Decide(&request)
		count(b, decision, err)
	})
}

// BenchmarkStringsOfMap has the condition keys in a map, as the stores that are written in Go do.
func BenchmarkStringsOfMap(b *testing.B) {
	authorizer := usual(b)
	measured(b, 1, func() {
		is, err := authorizer.IsAllowed(ann, "s3:GetObject", report, office)
		if !is || err != nil {
			b.Fatal(is, err)
		}
	})
}

func objects(count int) []string {
	all := make([]string, count)
	for place := range all {
		all[place] = fmt.Sprintf("arn:aws:s3:::reports/ann/%d.csv", place)
	}
	return all
}

// measured calls a function some times and tells the nanoseconds of the processor that a decision took: others may use it
// meanwhile, which the time on the clock has in it.
func measured(b *testing.B, decisions int, call func()) {
	b.ReportAllocs()
	b.ResetTimer()
	start := processor()
	for round := 0; round < b.N; round++ {
		call()
	}
	b.ReportMetric(float64(processor()-start)/float64(b.N)/float64(decisions), "cpu-ns/decision")
}

func processor() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// BenchmarkResources decides a thousand resources in a call, prepared.
func BenchmarkResources(b *testing.B) {
	site, principal := prepared(b, usual(b))
	address, resources := IP(netip.MustParseAddr("203.0.113.9")), objects(1000)
	measured(b, 1000, func() {
		decisions, err := site.DecideResources(principal, resources, address, Bool(true))
		if err != nil || decisions[999] != Allow {
			b.Fatal(err)
		}
	})
}

// BenchmarkMany decides a thousand requests in a call, all from texts.
func BenchmarkMany(b *testing.B) {
	authorizer := usual(b)
	requests := make([]Request, 1000)
	for place, resource := range objects(1000) {
		requests[place] = Request{Principal: ann, Action: "s3:GetObject", Resource: resource, Context: Keys(office)}
	}
	measured(b, 1000, func() {
		decisions, err := authorizer.DecideMany(requests)
		if err != nil || decisions[999] != Allow {
			b.Fatal(err)
		}
	})
}
