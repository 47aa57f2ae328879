package emulator

import (
	"embed"
	"net/http"
	"path"
)

// uiPath is where the inspect page is.
const uiPath = "/ui"

//go:embed ui
var uiFolder embed.FS

// uiPolicy lets the page use its own script, style and routes, and nothing else.
const uiPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// uiFile is a file of the page.
type uiFile struct {
	kind string
	body []byte
}

// uiFiles are the files of the page by path.
func uiFiles() map[string]uiFile {
	files := make(map[string]uiFile)
	for name, kind := range map[string]string{
		"index.html": "text/html", "style.css": "text/css", "app.js": "text/javascript", "tables.js": "text/javascript", "icon.svg": "image/svg+xml",
	} {
		body, err := uiFolder.ReadFile("ui/" + name)
		if err != nil {
			panic(err) // the program was built without its own files
		}
		at := path.Join(uiPath, name)
		if name == "index.html" {
			at = uiPath
		}
		files[at] = uiFile{kind + "; charset=utf-8", body}
	}
	return files
}

func (f uiFile) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", uiPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.Write(f.body)
}
