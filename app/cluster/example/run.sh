#!/bin/sh
# A chat on three nodes behind HAProxy, one of which is killed every ten seconds while
# you chat: open the address in two browsers. Needs go, haproxy and curl. Ctrl-C ends it.
#
#   ./run.sh [rounds]      rounds of killing; by default it goes on until you stop it
set -eu
cd "$(dirname "$0")"
rounds=${1:--1}
export CHAT_PORT="${CHAT_PORT:-8080}" PORT_A=18081 PORT_B=18082 PORT_C=18083
peers=127.0.0.1:16221,127.0.0.1:16222,127.0.0.1:16223
dir=$(mktemp -d)
pids=
finish() {
	trap - EXIT INT TERM
	for pid in $pids ${a:-} ${b:-} ${c:-}; do kill "$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 0' INT TERM

(cd .. && go build -o "$dir/godwit" ./cmd/godwit)
# node NUMBER PORT starts a node; its id is in $!
node() {
	"$dir/godwit" -addr "127.0.0.1:$2" -name "node$1" -nats-addr "127.0.0.1:1422$1" \
		-peer-addr "127.0.0.1:1622$1" -peers "$peers" -replicas 3 -lease 3s -wait -data "$dir/$1" 2>>"$dir/log$1" &
}
healthy() { curl -fs -o /dev/null "http://127.0.0.1:$1/health"; }

node 1 $PORT_A; a=$!
node 2 $PORT_B; b=$!
node 3 $PORT_C; c=$!
for port in $PORT_A $PORT_B $PORT_C; do
	until healthy "$port"; do sleep 0.2; done
done
haproxy -f haproxy.cfg & pids=$!
echo "chat at http://127.0.0.1:$CHAT_PORT/"

round=0
while [ "$round" -ne "$rounds" ]; do
	sleep "${PERIOD:-10}"
	case $((round % 3)) in
	0) victim=$a ;; 1) victim=$b ;; *) victim=$c ;;
	esac
	echo "killing node $((round % 3 + 1))"
	kill -9 "$victim"; wait "$victim" 2>/dev/null || true
	sleep 3
	case $((round % 3)) in
	0) node 1 $PORT_A; a=$! ;; 1) node 2 $PORT_B; b=$! ;; *) node 3 $PORT_C; c=$! ;;
	esac
	case $((round % 3)) in
	0) port=$PORT_A ;; 1) port=$PORT_B ;; *) port=$PORT_C ;;
	esac
	until healthy "$port"; do sleep 0.2; done
	echo "node $((round % 3 + 1)) is back"
	round=$((round + 1))
done
