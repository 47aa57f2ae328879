package entra

import "testing"

func TestCrowd(t *testing.T) {
	d := &Directory{TenantID: "t", Domain: "acsauth.example", Users: []User{{Name: "alice"}}}
	one := d.user("user-1")
	if one == nil || one.UPN != "user-1@acsauth.example" {
		t.Fatalf("user-1 is %+v", one)
	}
	for _, key := range []string{one.ObjectID, one.UPN, "USER-1"} {
		if u := d.user(key); u == nil || u.ObjectID != one.ObjectID {
			t.Errorf("%q finds %+v", key, u)
		}
	}
	if last := d.user("user-9999999"); last == nil || last.ObjectID == one.ObjectID || len(last.ObjectID) != 36 {
		t.Errorf("the last is %+v", last)
	}
	for _, key := range []string{"user-0", "user-01", "user-10000000", "user-", "user-1@elsewhere.example", crowdID + "000000000000", crowdID + "000010000000"} {
		if u := d.user(key); u != nil {
			t.Errorf("%q finds %+v", key, u)
		}
	}
	if _, ok := d.UserByID("user-1"); ok {
		t.Error("Graph knows no short names")
	}
	if _, ok := d.UserByID(one.UPN); !ok {
		t.Error("Graph must find a user principal name")
	}
}
