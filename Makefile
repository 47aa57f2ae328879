.PHONY: run test bench
run: ; go run ./cmd/acsauth-dev
test: ; bash scripts/test.sh
bench: ; bash scripts/bench.sh
