package audit

import "github.com/acs-solutions/acsauth"

// Name returns what stands for a user in the lines of this log: 32 hexadecimal digits.
func (l *Log) Name(u acsauth.UserKey) string { return l.keys[0].user(u) }
