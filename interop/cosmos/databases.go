package cosmos

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

type database struct {
	properties map[string]any
	containers map[string]*container
}

// account describes the account.
func (s *Server) account() *answer {
	region := func(name, url string) map[string]string {
		return map[string]string{"name": name, "databaseAccountEndpoint": url + "/"}
	}
	writable := []map[string]string{region("First", s.first.url)}
	readable := slices.Clone(writable)
	if s.second != nil {
		readable = append(readable, region("Second", s.second.url))
		if s.options.MultipleWrites {
			writable = slices.Clone(readable)
		}
	}
	return reply(http.StatusOK, map[string]any{
		"id": "stand-in", "_self": "", "_rid": "stand-in.documents.azure.com", "_dbs": "//dbs/", "media": "//media/", "addresses": "//addresses/",
		"writableLocations": writable, "readableLocations": readable, "enableMultipleWriteLocations": s.options.MultipleWrites,
		"userConsistencyPolicy": map[string]string{"defaultConsistencyLevel": s.options.Consistency},
	})
}

// next returns a number that was never used, and a resource id made of it.
func (s *Server) next() (serial uint64, rid string) {
	s.serial++
	return s.serial, base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, s.serial))
}

func etag(serial uint64) string {
	return fmt.Sprintf(`"00000000-0000-0000-%04x-%012x"`, serial>>48, serial&(1<<48-1))
}

// system adds the properties that the service sets.
func (s *Server) system(properties map[string]any, parent string) {
	serial, rid := s.next()
	properties["_rid"], properties["_self"] = rid, parent+rid+"/"
	properties["_etag"], properties["_ts"] = etag(serial), s.options.Now().Unix()
}

// checkID refuses ids that no resource can have.
func checkID(id any) (string, *answer) {
	text, ok := id.(string)
	switch {
	case !ok || text == "":
		return "", badRequest("The input content is invalid because the required properties - 'id; ' - are missing")
	case len(text) > 1023:
		return "", badRequest("The id is longer than 1023 bytes")
	case strings.ContainsAny(text, `/\?#`) || strings.HasSuffix(text, " "):
		return "", badRequest("The id contains a character that is not allowed")
	}
	return text, nil
}

// mayManage refuses whoever has no key: tokens of Entra ID cannot manage databases and containers.
func (q request) mayManage() *answer {
	if q.isKey {
		return nil
	}
	a := refuse(http.StatusForbidden, "Forbidden", "Request blocked by Auth: the given request cannot be authorized by AAD token in data plane")
	a.substatus = 5300
	return a
}

func (s *Server) createDatabase(q request) *answer {
	if a := q.mayManage(); a != nil {
		return a
	}
	var properties map[string]any
	if json.Unmarshal(q.body, &properties) != nil {
		return badRequest("the body is not a JSON object")
	}
	id, refusal := checkID(properties["id"])
	if refusal != nil {
		return refusal
	}
	if s.databases[id] != nil {
		return conflict()
	}
	s.system(properties, "dbs/")
	s.databases[id] = &database{properties: properties, containers: map[string]*container{}}
	return reply(http.StatusCreated, properties)
}

func (s *Server) readDatabase(q request) *answer {
	if a := q.mayManage(); a != nil {
		return a
	}
	if d := s.databases[q.database]; d != nil {
		return reply(http.StatusOK, d.properties)
	}
	return notFound()
}

func (s *Server) container(t target) *container {
	if d := s.databases[t.database]; d != nil {
		return d.containers[t.container]
	}
	return nil
}

func (s *Server) createContainer(q request) *answer {
	if a := q.mayManage(); a != nil {
		return a
	}
	d := s.databases[q.database]
	if d == nil {
		return ownerNotFound()
	}
	var properties map[string]any
	if json.Unmarshal(q.body, &properties) != nil {
		return badRequest("the body is not a JSON object")
	}
	id, refusal := checkID(properties["id"])
	if refusal != nil {
		return refusal
	}
	if d.containers[id] != nil {
		return conflict()
	}
	c, refusal := newContainer(q.body)
	if refusal != nil {
		return refusal
	}
	s.system(properties, fmt.Sprint(d.properties["_self"], "colls/"))
	c.properties = properties
	d.containers[id] = c
	return reply(http.StatusCreated, properties)
}

// DropContainer deletes a container with all its items.
func (s *Server) DropContainer(database, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.databases[database]; d != nil {
		delete(d.containers, name)
	}
}
