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
log=$work/log
missing=''

missed() {
  missing="$missing $1"
  echo "Cannot install $1: the last that was said is" >&2
  tail -n 5 "$log" >&2
}

has() {
  command -v "$1" >/dev/null 2>&1 && return
  echo "there is no $1 on the PATH"
  return 1
}

# Not `go install`: it refuses a program whose go.mod replaces a library, as frp's does.
install_frp() {
  has go || return 1
  if ! go mod download -json "github.com/fatedier/frp@$frp_version" >"$work/frp.json"; then
    cat "$work/frp.json"
    return 1
  fi
  source=$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' "$work/frp.json")
  cp -R "$source" "$work/frp" && chmod -R u+w "$work/frp" || return 1
  for program in frps frpc; do
    # As its own Makefile does when the dashboard's pages were not built.
    CGO_ENABLED=0 go build -C "$work/frp" -trimpath -ldflags '-s -w' -tags "$program,noweb" \
      -o "$folder/bin/$program" "./cmd/$program" || return 1
  done
}

install_chisel() {
  has go || return 1
  version="github.com/jpillora/chisel/share.BuildVersion=$chisel_version"
  GOBIN="$folder/bin" CGO_ENABLED=0 go install -ldflags "-s -w -X $version" "github.com/jpillora/chisel@$chisel_version"
}

install_crate() {
  has cargo && cargo install --root "$folder" --version "$2" "$1"
}

install_ssh() {
  if ! [ -x /usr/sbin/sshd ] || ! has ssh; then
    has apt-get || return 1
    apt-get install -y --no-install-recommends openssh-client openssh-server || return 1
  fi
  # Debian's own service makes it; root's sshd does not start without.
  [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
}

echo 'Installing; it takes some minutes ...' >&2
install_frp >"$log" 2>&1 || missed frp
install_chisel >"$log" 2>&1 || missed chisel
install_crate rathole "$rathole_version" >"$log" 2>&1 || missed rathole
install_crate bore-cli "$bore_version" >"$log" 2>&1 || missed bore
install_ssh >"$log" 2>&1 || missed 'ssh -R'

for program in "$folder"/bin/*; do
  [ -e "$program" ] && echo "Installed $program" >&2
done
[ -z "$missing" ] || echo "Missing:$missing" >&2
exit 0
