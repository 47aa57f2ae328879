//go:build !mistakes

package broker

func setMistake(_ *Broker, m mistake) {
	if m != 0 {
		panic("mistakes can be made in a build with -tags mistakes only")
	}
}
