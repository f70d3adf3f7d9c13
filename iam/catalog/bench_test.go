package catalog

import "testing"

// BenchmarkFirstUse is what the first question of a process costs: the index, and one service with its block.
func BenchmarkFirstUse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c, err := readIndex(facts)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := c.Service("connect"); !ok {
			b.Fatal("no service")
		}
	}
}

func BenchmarkAllServices(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		c, err := readIndex(facts)
		if err != nil {
			b.Fatal(err)
		}
		for range c.Expand("*") {
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	data := []byte(facts)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAction(b *testing.B) {
	c := Default()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Action("connect:describeuser"); !ok {
			b.Fatal("no action")
		}
	}
}

func BenchmarkExpand(b *testing.B) {
	c := Default()
	b.ReportAllocs()
	for b.Loop() {
		for range c.Expand("connect:Describe*") {
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	user := typeOf(b, "connect", "user")
	b.ReportAllocs()
	for b.Loop() {
		if !user.Match(instance + "/agent/cccccccc-0000-1111-2222-dddddddddddd") {
			b.Fatal("no match")
		}
	}
}

func BenchmarkIntersects(b *testing.B) {
	user, queue := typeOf(b, "connect", "user"), typeOf(b, "connect", "queue")
	pattern := "arn:aws:connect:*:111122223333:instance/*/agent/*"
	b.ReportAllocs()
	for b.Loop() {
		if !user.Intersects(pattern) || queue.Intersects(pattern) {
			b.Fatal("wrong answer")
		}
	}
}

func BenchmarkDependents(b *testing.B) {
	a, ok := Default().Action("connect:AssociateInstanceStorageConfig")
	if !ok {
		b.Fatal("no action")
	}
	b.ReportAllocs()
	for b.Loop() {
		for range a.Dependents() {
		}
	}
}

// TestAllocations: questions of a loaded service allocate nothing.
func TestAllocations(t *testing.T) {
	c := Default()
	user := typeOf(t, "connect", "user")
	a, _ := c.Action("connect:AssociateInstanceStorageConfig")
	for name, ask := range map[string]func(){
		"Action":     func() { c.Action("connect:describeuser") },
		"Expand":     func() { c.Expand("connect:Describe*")(func(*Action) bool { return true }) },
		"Match":      func() { user.Match(instance + "/agent/x") },
		"Intersects": func() { user.Intersects("arn:*:connect:*:*:instance/*/agent/*x") },
		"GlobalKey":  func() { c.GlobalKey("aws:PrincipalTag/Team") },
		"String":     func() { _ = a.String() },
	} {
		if got := testing.AllocsPerRun(100, ask); got > 0 {
			t.Errorf("%s: %v allocations, want none", name, got)
		}
	}
}
