package postgres

import "context"

// Size returns the bytes of the mappings and their indexes, dead rows included.
func (s *Store) Size(ctx context.Context) (int64, error) {
	return get(ctx, s, query{verb: "size", sql: "SELECT pg_total_relation_size('acsauth.mapping')"}, func(scan func(...any) error) (size int64, err error) {
		return size, scan(&size)
	})
}
