# Each target installs what it needs, says what it does, and can be run again.

BINARY := .build/release/qkzoo

.PHONY: build demo test test-peers test-kernels check dist release zoo clean

# The tool.
build:
	@scripts/setup
	@echo "build: the release binary"
	@swift build -c release --product qkzoo

# What the tool is for, on a real checkpoint, in under a minute after the build.
demo: build
	@scripts/demo $(BINARY)

# The tests that need nothing but the packages of scripts/setup.
test:
	@scripts/setup
	@echo "test: build and run"
	@swift build -c release --build-tests
	@swift test -c release --skip-build --disable-xctest --quiet
	@test -x "$$(scripts/peer-python)" \
	  && echo "test: the peer tests are separate: make test-peers" \
	  || echo "test: skipped the peer tests (PyTorch, h5py, ...): scripts/setup --peers, then make test-peers"

# The tests against the real PyTorch, SpikingJelly, h5py, safetensors and jsonschema.
test-peers: build
	@scripts/setup --peers
	@swift build -c release --product transfer-probe
	@swift build -c release --product qkzoo-samples
	@scripts/test-peers

# Every kernel for every instruction set, emulated where this machine lacks it.
test-kernels: build
	@scripts/setup --kernels
	@scripts/test-kernels --all
	@scripts/check-fused --all

# The development loop: format, fences, build, tests, kernels.
check:
	@scripts/setup
	@scripts/check

# One self-contained archive, and the test that it runs in an empty root.
dist:
	@scripts/setup
	@scripts/dist

# The same for a release: the zoo's signature must hold (docs/releasing.md).
release:
	@scripts/setup
	@scripts/dist --release

# The trained entries made anew from their PyTorch checkpoints; the result must not change.
zoo: build
	@scripts/make-trained-entries $(BINARY)
	@scripts/make-zoo-index

clean:
	@rm -rf .build .build-dist dist demo
