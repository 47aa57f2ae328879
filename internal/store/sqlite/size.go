package sqlite

import (
	"context"
	"fmt"
)

// Size returns the bytes of the database file, but for what still waits in the write-ahead log.
func (s *Store) Size(ctx context.Context) (size int64, err error) {
	const query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	if err := s.readers.QueryRowContext(ctx, query).Scan(&size); err != nil {
		return 0, fmt.Errorf("sqlite: size: %w", err)
	}
	return size, nil
}
