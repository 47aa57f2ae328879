.PHONY: run test
run: ; go run ./cmd/acsauth-dev
test: ; bash scripts/test.sh
