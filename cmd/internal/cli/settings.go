package cli

import "github.com/acs-solutions/acsauth/internal/config"

// Settings are the flags for the settings that one changes from call to call.
// All others are set in the environment or in the file.
type Settings struct {
	Config        string `help:"File with settings, one NAME=VALUE on a line." placeholder:"FILE" group:"settings"`
	Listen        string `help:"Address and port to listen on, as ACSAUTH_LISTEN." placeholder:"HOST:PORT" group:"settings"`
	MetricsListen string `help:"Address and port of the metrics, or off, as ACSAUTH_METRICS_LISTEN." placeholder:"HOST:PORT" group:"settings"`
	PublicURL     string `name:"public-url" help:"URL under which clients reach the service, as ACSAUTH_PUBLIC_URL." placeholder:"URL" group:"settings"`
	Store         string `help:"Where mappings are kept, as ACSAUTH_STORE." placeholder:"sqlite:PATH" group:"settings"`
	LogLevel      string `help:"Least level that is logged, as ACSAUTH_LOG_LEVEL." placeholder:"LEVEL" group:"settings"`
	LogFormat     string `help:"json or text, as ACSAUTH_LOG_FORMAT." placeholder:"FORMAT" group:"settings"`
}

// Sources returns the places that the settings are read from.
func (s Settings) Sources(environ []string) config.Sources {
	return config.Sources{
		Environ: environ,
		File:    s.Config,
		Flags: map[string]string{
			"ACSAUTH_LISTEN":         s.Listen,
			"ACSAUTH_METRICS_LISTEN": s.MetricsListen,
			"ACSAUTH_PUBLIC_URL":     s.PublicURL,
			"ACSAUTH_STORE":          s.Store,
			"ACSAUTH_LOG_LEVEL":      s.LogLevel,
			"ACSAUTH_LOG_FORMAT":     s.LogFormat,
		},
	}
}
