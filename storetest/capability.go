package storetest

import (
	"context"
	"errors"

	"github.com/acs-solutions/acsauth"
)

var (
	errNoLister = errors.New("storetest: the store behind is no Lister")
	errNoFinder = errors.New("storetest: the store behind is no Finder")
)

// behind returns the store that a wrapper with a method Unwrap stands in front of.
// Such a wrapper has List and Find for whatever store; the store behind decides.
func behind(s acsauth.Store) (acsauth.Store, bool) {
	wrapper, ok := s.(interface{ Unwrap() acsauth.Store })
	if !ok {
		return nil, false
	}
	return wrapper.Unwrap(), true
}

// lister returns the store as a Lister, if it is one all the way down.
func lister(s acsauth.Store) (acsauth.Lister, bool) {
	l, ok := s.(acsauth.Lister)
	if inner, wrapped := behind(s); ok && wrapped {
		_, ok = lister(inner)
	}
	return l, ok
}

// finder returns the store as a Finder, if it is one all the way down.
func finder(s acsauth.Store) (acsauth.Finder, bool) {
	f, ok := s.(acsauth.Finder)
	if inner, wrapped := behind(s); ok && wrapped {
		_, ok = finder(inner)
	}
	return f, ok
}

// list lists the store behind a wrapper.
func list(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
	l, ok := lister(s)
	if !ok {
		return nil, "", errNoLister
	}
	return l.List(ctx, cursor, limit)
}

// findBy asks the store behind a wrapper.
func findBy(ctx context.Context, s acsauth.Store, id acsauth.Identity) (acsauth.Mapping, error) {
	f, ok := finder(s)
	if !ok {
		return acsauth.Mapping{}, errNoFinder
	}
	return f.Find(ctx, id)
}
