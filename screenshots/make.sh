#!/usr/bin/env bash
# Makes the pictures in this folder anew, from the release binary in a real xterm on a virtual screen.
# Needs: Xvfb, xterm, xdotool, ImageMagick's import, DejaVu Sans Mono and Noto CJK fonts.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --quiet

exec 5<> <(:)
Xvfb -displayfd 5 -screen 0 2200x1400x24 >/dev/null 2>&1 &
server=$!
trap 'kill $server 2>/dev/null' EXIT
read -r number <&5
export DISPLAY=":$number"
until xdotool getmouselocation >/dev/null 2>&1; do :; done

# The window whose title is $1, once it is there.
window() {
    until xdotool search --name "^$1\$" 2>/dev/null | tail -1 | grep .; do :; done
}

# The picture of window $1, once two in a row are the same.
settled() {
    local before="" now
    while :; do
        # It warns of the focus of a screen without a window manager, and may call that a failure.
        now=$( (import -silent -window "$1" ppm:- 2>/dev/null || true) | cksum)
        [ "$now" = "$before" ] && break
        before=$now
        read -rt 0.4 <> <(:) || true
    done
}

# shot NAME COLUMNSxROWS BACKGROUND FOREGROUND "KEY KEY …" [ARGUMENT…]
shot() {
    local name=$1 size=$2 back=$3 fore=$4 keys=$5 id fgbg="15;0"
    shift 5
    # With allowSendEvents xterm does not answer what its background is.
    [ "$back" = "#fafaf5" ] && fgbg="0;15"
    HOME=$(mktemp -d) xterm -T "$name" -xrm 'XTerm*allowSendEvents: true' -xrm 'XTerm*allowTitleOps: false' \
        -fa "DejaVu Sans Mono" -fs 11 -b 6 -geometry "$size" -bg "$back" -fg "$fore" -e env COLORFGBG="$fgbg" COLORTERM=truecolor TERM=xterm-256color ./target/release/newsdesk "$@" &
    local terminal=$!
    id=$(window "$name")
    settled "$id"
    for key in $keys; do
        xdotool key --window "$id" "$key"
    done
    settled "$id"
    import -silent -window "$id" "screenshots/$name.png" 2>/dev/null || test -s "screenshots/$name.png"
    kill $terminal
    wait $terminal 2>/dev/null || true
    echo "screenshots/$name.png"
}

dark="#1c1c1c #d8d8d2"
light="#fafaf5 #22221e"
shot reading   140x40 $dark  "j j j j j j j j j j j j j j j j j j j j" seeds
shot filtering 140x40 $dark  "slash parenleft t e l e s c o p e space O R space p r o b e parenright space s t a t e space minus c o m e t space d a t e colon 2 0 1 Return n n" seeds
shot complete  100x30 $dark  "slash m o o n space s e c t i o n colon Tab Tab" seeds
shot mistake   100x30 $dark  "slash m o o n space s e c t o n colon s p a c e" seeds
shot language  80x24  $dark  "slash question" seeds
shot help      100x36 $dark  "question" seeds
# A library in which a few articles were read, starred and tagged, and a search is watched.
export NEWSDESK_LIBRARY
NEWSDESK_LIBRARY=$(mktemp -d)/library.db
mark() { ./target/release/newsdesk mark seeds "$@" >/dev/null; }
mark --query 'date:2019..2024 -moon' --read
mark --query 'telescope' --star
mark --query 'comet' --tag comets
mark --query 'moon' --tag moon
./target/release/newsdesk searches add "Landings" 'lands OR landed OR landing' --key l --colour '#e69f00' --watch
./target/release/newsdesk searches add "Telescopes" 'telescope' --key t
shot library   160x44 $dark  "bracketright s m C a l l space t h e space a g e n c y Escape f Down Down" seeds
# The same articles, as feeds by their sections, from a server on this computer; one feed fails.
served=$(mktemp -d)
./target/release/newsdesk export seeds --format json --output "$served/seeds.json" >/dev/null
python3 - "$served" <<'PYTHON'
import html, json, sys
folder = sys.argv[1]
sections = {}
for article in json.load(open(f"{folder}/seeds.json"))["found"]:
    sections.setdefault((article["section"] or "News").title(), []).append(article)
for name, articles in sections.items():
    entries = []
    for article in articles:
        text = "".join(f"<p>{html.escape(block['text'])}</p>" for block in article["body"])
        entries.append({"id": article["id"], "title": article["headline"], "date_published": article["date"],
            "summary": article["standfirst"], "content_html": text})
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": name, "items": entries}
    json.dump(feed, open(f"{folder}/{name.split()[0].lower()}.json", "w"))
PYTHON
python3 -m http.server 8317 --bind 127.0.0.1 --directory "$served" >/dev/null 2>&1 &
web=$!
trap 'kill $server $web 2>/dev/null' EXIT
until (exec 3<>/dev/tcp/127.0.0.1/8317) 2>/dev/null; do :; done
NEWSDESK_LIBRARY=$(mktemp -d)/library.db
for feed in "$served"/*.json; do
    name=$(basename "$feed" .json)
    [ "$name" = seeds ] || ./target/release/newsdesk feed add "http://127.0.0.1:8317/$name.json" --tag morning >/dev/null
done
echo "http://127.0.0.1:8317/away.json morning \"~The Away Post\"" > "$served/urls"
./target/release/newsdesk feed import "$served/urls" >/dev/null
./target/release/newsdesk feed refresh >/dev/null 2>&1 || true
./target/release/newsdesk mark --query 'feed:space' --read >/dev/null
shot feeds     160x44 $dark  "f j j j j j j Tab j j"
kill $web
unset NEWSDESK_LIBRARY
shot narrow    72x28  $dark  "j j j j j j j Return" seeds
shot light     140x40 $light "j j j j j j j j j j j j j j j" seeds
shot palette   100x30 $dark  "colon z e" seeds
