package emu

import "testing"

// A ring keeps the last things in their order, also after they were replaced.
func TestRing(t *testing.T) {
	var r Ring[int]
	for i := range RingSize + 5 {
		r.Add(i)
	}
	list := r.All()
	if len(list) != RingSize || list[0] != 5 || list[RingSize-1] != RingSize+4 {
		t.Fatalf("%d, from %d to %d", len(list), list[0], list[len(list)-1])
	}
	r.Replace(list)
	r.Add(9999)
	if list = r.All(); len(list) != RingSize || list[0] != 6 || list[RingSize-1] != 9999 {
		t.Errorf("after a replacement: %d, from %d", len(list), list[0])
	}
	if r.Replace(nil); len(r.All()) != 0 {
		t.Error("nothing is left of what was there")
	}
}
