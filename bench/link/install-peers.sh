#!/bin/sh
# Installs what `npm run bench -- link` measures beside our link: frp and chisel with Go, rathole and bore with cargo, and
# OpenSSH's server from Debian. What cannot be had is said and left out; the benchmark works with what is there.
#
#   bench/link/install-peers.sh FOLDER && PATH="FOLDER/bin:$PATH" npm run bench -- link

set -u

frp_version=v0.70.1
chisel_version=v1.11.5
rathole_version=0.5.0
bore_version=0.6.0

if [ $# -ne 1 ]; then
  echo "Cannot install the peers: no folder is given for them; call it as: $0 FOLDER" >&2
  exit 2
fi
mkdir -p "$1/bin" || exit 1
folder=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missing=''

# Names what is there afterwards, or says that it is missing and shows the end of what was tried.
attempt() {
  name=$1
  shift
  echo "Installing $name ..." >&2
  if "$@" >"$work/log" 2>&1; then return; fi
  missing="$missing $name"
  echo "Cannot install $name: it failed with" >&2
  tail -n 5 "$work/log" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1 && return
  echo "there is no $1 on the PATH"
  return 1
}

# Not `go install`: it refuses a program whose go.mod replaces a library, as frp's does.
install_frp() {
  has go || return 1
  go mod download -json "github.com/fatedier/frp@$frp_version" >"$work/frp.json" || {
    cat "$work/frp.json"
    return 1
  }
  source=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' "$work/frp.json")
  cp -R "$source" "$work/frp" && chmod -R u+w "$work/frp" && cd "$work/frp" || return 1
  for program in frps frpc; do
    # As its own Makefile does when the dashboard's pages were not built.
    CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -tags "$program,noweb" -o "$folder/bin/$program" "./cmd/$program" ||
      return 1
  done
}

install_chisel() {
  has go && GOBIN="$folder/bin" CGO_ENABLED=0 go install -ldflags "-s -w -X github.com/jpillora/chisel/share.BuildVersion=$chisel_version" \
    "github.com/jpillora/chisel@$chisel_version"
}

install_crate() {
  has cargo && cargo install --locked --root "$folder" --version "$2" "$1"
}

install_ssh() {
  if ! { has ssh && [ -x /usr/sbin/sshd ]; }; then
    has apt-get && apt-get install -y --no-install-recommends openssh-client openssh-server || return 1
  fi
  # Where sshd keeps nothing and wants to be able to (Debian's own service makes it); only root's sshd asks for it.
  [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
}

# In a process of its own each, so that a folder changed there stays so there.
frp() { (install_frp); }

attempt frp frp
attempt chisel install_chisel
attempt rathole install_crate rathole "$rathole_version"
attempt bore install_crate bore-cli "$bore_version"
attempt 'ssh -R' install_ssh

echo "Installed in $folder/bin: $(ls "$folder/bin" | tr '\n' ' ')" >&2
[ -z "$missing" ] || echo "Missing:$missing" >&2
exit 0
