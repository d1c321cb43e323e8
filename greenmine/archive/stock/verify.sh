#!/bin/sh
# Verify a Greenmine archive with stock tools only. 仅用系统自带工具核验绿色矿山评价档案。
#
#   sh verify.sh [-a ARCHIVE] [-t TRUST] [-k KEPT] [-e ENGINE | -x] [RECORD...]
#
#   -a ARCHIVE  the archive's folder (default: the folder this script is in)        档案所在文件夹
#   -t TRUST    your own allowed_signers, revoked.krl, tsa-chain.pem                您自己保管的公钥与证书
#               (default: ARCHIVE/trust, which proves nothing against its operator)
#   -k KEPT     a checkpoint you were given earlier; the archive must continue it   您早先留存的检查点
#   -e ENGINE   your own copy of rescore.pyz, to recompute scores                   用您自己的评分程序重算
#   -x          recompute scores with the archived program: this RUNS CODE of the archive (python3 -I)
#   RECORD      GM-0001 (its last record), GM-0001/r2, or the path of a bag; without it everything is verified
#
# Exit status: 0 everything holds; 1 the file named does not hold; 2 nothing to verify, or a tool is missing.
# Every check is written `check || fail`: a shell that is told to stop at errors (set -e) does not stop at the left side
# of `&&`, and a verifier written that way lets tampering pass.
# Needs: sh, sha256sum, ssh-keygen (OpenSSH 8.9 or newer), openssl, date, grep, sed, find, diff, sort, head, tail, od.

set -u
LC_ALL=C
TZ=UTC
export LC_ALL TZ
umask 077

usage() { printf '%s\n' "verify.sh: $1" >&2; exit 2; }
fail() { printf '%s\n' "FAIL 不通过  $1: $2" >&2; exit 1; }
good() { printf '%s\n' "ok   通过    $1"; }
note() { printf '%s\n' "?    未证明  $1"; }

root=$(dirname -- "$0") trust='' kept='' engine='' run=''
while getopts :a:t:k:e:xh option; do
  case $option in
    h) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    a) root=$OPTARG ;;
    t) trust=$OPTARG ;;
    k) kept=$OPTARG ;;
    e) engine=$OPTARG ;;
    x) run=yes ;;
    *) usage "see the head of the script 用法见脚本开头" ;;
  esac
done
shift $((OPTIND - 1))

for tool in sha256sum ssh-keygen openssl date grep sed find diff sort od; do
  command -v "$tool" > /dev/null || usage "the tool $tool is missing 缺少工具 $tool"
done
absolute() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$(pwd)" "$1" ;; esac; }
[ -z "$trust" ] || trust=$(absolute "$trust")
[ -z "$kept" ] || kept=$(absolute "$kept")
[ -z "$engine" ] || engine=$(absolute "$engine")
[ -z "$engine" ] || [ -f "$engine" ] || usage "there is no file $engine 没有该文件"
[ -z "$trust" ] || [ -f "$trust/allowed_signers" ] || usage "there is no file $trust/allowed_signers 没有该文件"
cd -- "$root" || usage "there is no folder $root 没有该文件夹"
if [ -z "$trust" ]; then
  trust=$(pwd)/trust
  note "keys and certificates are the archive's own (-t) 公钥与证书取自档案自身"
fi
[ -e ledger ] || [ -d bags ] || [ -d checkpoints ] || usage "there is no archive here 此处没有档案"

work=$(mktemp -d) || usage "no room for temporary files 无法建立临时文件"
trap 'rm -rf -- "$work"' EXIT
trap 'exit 2' HUP INT TERM

sha() { sha256sum < "$1" | cut -c-64; }
plain() { [ -f "$1" ] || fail "$1" "there is no such file 文件不存在"; [ ! -L "$1" ] || fail "$1" "it is a link 是链接"; }
line() { sed -n "$2p" "$1"; }

# ---- who vouches 谁作证 -----------------------------------------------------------------------------------------------

signers=$trust/allowed_signers
if [ -f "$signers" ] && grep -Eq '^[^#"]*("[^"]*"[^" ]*)*, ' "$signers"; then
  usage "$signers: a blank after a comma 逗号后有空格"
fi
[ ! -e "$trust/revoked.krl" ] || { [ -f "$trust/revoked.krl" ] && { ssh-keygen -Q -l -f "$trust/revoked.krl" \
  || ssh-keygen -l -f "$trust/revoked.krl"; } > /dev/null 2>&1; } || usage "$trust/revoked.krl is no revocation list 不是吊销列表"
[ ! -e "$trust/tsa-chain.pem" ] || { [ -f "$trust/tsa-chain.pem" ] && openssl x509 -noout -in "$trust/tsa-chain.pem" 2> /dev/null; } \
  || usage "$trust/tsa-chain.pem holds no certificate 不是证书"
if [ -f "$signers" ]; then
  loose=$(grep -v '^[[:space:]]*\(#\|$\)' "$signers" | grep -v 'namespaces="[^"*?]*"' | cut -d' ' -f1 | tr '\n' ' ')
  [ -z "$loose" ] || note "$signers: keys without namespaces= may sign anything 未限定用途的密钥可签任何内容: $loose"
fi
[ -f "$signers" ] || note "no allowed_signers: it is not checked whose signatures they are 未核对签名人"
[ -f "$trust/tsa-chain.pem" ] || note "no tsa-chain.pem: time stamps are not checked 未核对时间戳"

# well_formed SIGNATURE: exactly what ssh-keygen writes, for it passes over what stands around the armour
well_formed() {
  {
    printf '%s\n' '-----BEGIN SSH SIGNATURE-----'
    sed '1d;$d' "$1" | openssl base64 -d 2> /dev/null | openssl base64 -A | fold -w 70
    printf '\n%s\n' '-----END SSH SIGNATURE-----'
  } > "$work/armour"
  cmp -s "$work/armour" "$1" || return 1
  head_bytes=$(sed '1d;$d' "$1" | openssl base64 -d 2> /dev/null | head -c 10 | sha256sum | cut -c-64)
  [ "$head_bytes" = "$(printf 'SSHSIG\000\000\000\001' | sha256sum | cut -c-64)" ]
}

# key_of SIGNATURE: the digest of the public key in it
key_of() {
  sed '1d;$d' "$1" | openssl base64 -d 2> /dev/null | tail -c +11 > "$work/blob"
  size=$(od -An -tu1 -N4 "$work/blob" | { read -r _ _ high low && echo $((4 + high * 256 + low)); }) || size=0
  head -c "$size" "$work/blob" | sha256sum | cut -c-64
}

# signed FILE SIGNATURE NAMESPACE TIME PRINCIPAL: TIME may be empty (now), so may PRINCIPAL (anybody who is trusted)
signed() {
  well_formed "$2" || return 1
  if [ ! -f "$signers" ]; then
    ssh-keygen -Y check-novalidate -n "$3" -s "$2" < "$1" > /dev/null 2>&1
    return
  fi
  if [ -n "$5" ]; then
    printf '%s\n' "$5" > "$work/who"
  else
    ssh-keygen -Y find-principals -f "$signers" -s "$2" ${4:+"-Overify-time=$4"} > "$work/who" 2> /dev/null < /dev/null || return 1
    grep -v '^#' "$signers" | grep -F "$3" | cut -d' ' -f1 >> "$work/who"
    tr ',' '\n' < "$work/who" > "$work/all" && mv -- "$work/all" "$work/who"
  fi
  krl=''
  [ ! -f "$trust/revoked.krl" ] || krl=$trust/revoked.krl
  while IFS= read -r who; do  # one key may have several names, for different purposes
    ssh-keygen -Y verify -f "$signers" ${krl:+-r "$krl"} -I "$who" -n "$3" ${4:+"-Overify-time=$4"} -s "$2" \
      < "$1" > /dev/null 2>&1 && return
  done < "$work/who"
  return 1
}

# stamp_time TSR: the time in the signed token, as `Nov 21 09:00:00 2026 GMT`
stamp_time() {
  openssl ts -reply -in "$1" -token_out -out "$work/token" 2> /dev/null || return 1
  openssl ts -reply -in "$work/token" -token_in -text 2> /dev/null | sed -n 's/^Time stamp: //p' | sed 's/\.[0-9]* / /'
}

# ---- the ledger 台账 --------------------------------------------------------------------------------------------------

plain ledger
id='[A-Za-z0-9._-]+' hex='[0-9a-f]'
form="$hex{64}  bags/(evidence/$hex{2}/$hex{64}|catalog/$id/$id-$hex{12}|assess/$id/r[1-9][0-9]{0,8}"
form="$form|(audit|draw|register)/$id/r[1-9][0-9]{0,8}|(redaction|signature|withdrawal)/$hex{64}/r[1-9][0-9]{0,8})/tagmanifest-sha256\\.txt"
bad=$(grep -aEnvx "$form" ledger | head -n 1 | cut -d: -f1)
[ -z "$bad" ] || fail ledger "line $bad is not of the form 第 $bad 行格式不符"
if grep -aqE '/\.{1,2}/' ledger; then fail ledger "a path leads elsewhere 路径越界"; fi
[ ! -s ledger ] || [ "$(tail -c 1 ledger | wc -l)" -eq 1 ] || fail ledger "the last line has no end 末行不完整"
twice=$(cut -c67- ledger | sort | uniq -d | head -n 1)
[ -z "$twice" ] || fail ledger "a bag is named twice 重复登记: $twice"
count=$(($(wc -l < ledger)))
good "ledger: $count entries 条登记"

# ---- checkpoints 检查点 -----------------------------------------------------------------------------------------------

covered=0 stamped=0 witnessed=0 signed_to=0 last_size=0 last_time='' last_origin=''
prev=0000000000000000000000000000000000000000000000000000000000000000
: > "$work/stamps"

checkpoint() {
  d=$1
  c=$d/checkpoint
  for file in checkpoint checkpoint.sums; do plain "$d/$file"; done
  strange=$(find "$d" -mindepth 1 ! -name checkpoint ! -name checkpoint.sig ! -name checkpoint.sig.tsr \
    ! -name checkpoint.sums | grep -aEv '/witness-[A-Za-z0-9][A-Za-z0-9._@-]{0,127}\.sig$' | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it does not belong there 多余文件"
  : > "$work/sums"
  for file in checkpoint checkpoint.sig checkpoint.sig.tsr; do
    if [ -e "$d/$file" ] || grep -q "  $file\$" "$d/checkpoint.sums"; then
      plain "$d/$file"
      printf '%s  %s\n' "$(sha "$d/$file")" "$file" >> "$work/sums"
      grep -Fxq "$(tail -n 1 "$work/sums")" "$d/checkpoint.sums" || fail "$d/$file" "it was changed 已被改动"
    fi
  done
  cmp -s "$work/sums" "$d/checkpoint.sums" || fail "$d/checkpoint.sums" "it was changed 已被改动"
  [ "$(wc -l < "$c")" -eq 7 ] && [ "$(tail -c 1 "$c" | wc -l)" -eq 1 ] || fail "$c" "it does not have seven lines 应为七行"
  line "$c" 2 | grep -Eqx '0|[1-9][0-9]{0,8}' || fail "$c" "line 2 is not a number 第 2 行应为数字"
  line "$c" 4 | grep -Eqx 'bytes (0|[1-9][0-9]{0,14})' || fail "$c" "line 4 is not bytes 第 4 行应为 bytes"
  entries=$(line "$c" 2) size=$(line "$c" 4 | cut -c7-) origin=$(line "$c" 1) time=$(line "$c" 7 | cut -c6-)
  form='%Y-%m-%dT%H:%M:%SZ'
  [ "time $(date -u -d "$time" "+$form" 2> /dev/null || date -j -u -f "$form" "$time" "+$form" 2> /dev/null)" \
    = "$(line "$c" 7)" ] || fail "$c" "line 7 is no time 第 7 行不是时间"
  [ "checkpoints/$(printf '%09d' "$entries")" = "$d" ] || fail "$c" "it says $entries entries 条目数与文件夹名不符"
  [ "$(wc -c < ledger)" -ge "$size" ] || fail ledger "shorter than at checkpoint $entries 短于检查点 $entries 时"
  [ "sha256 $(head -c "$size" ledger | sha256sum | cut -c-64)" = "$(line "$c" 5)" ] \
    || fail ledger "not what it was at checkpoint $entries 与检查点 $entries 不符"
  [ "$(head -c "$size" ledger | wc -l)" -eq "$entries" ] || fail "$c" "it counts other lines 行数不符"
  [ "prev $prev" = "$(line "$c" 6)" ] || fail "$c" "it does not continue the checkpoint before 与上一检查点不衔接"
  [ -z "$last_origin" ] || [ "$origin" = "$last_origin" ] || fail "$c" "it is of another archive 属于另一档案"
  [ "$size" -ge "$last_size" ] || fail "$c" "it covers less than the one before 覆盖范围变小"
  [ "$(printf '%s\n%s\n' "$last_time" "$time" | sort | head -n 1)" = "$last_time" ] || fail "$c" "it is earlier than the one before 时间倒退"
  prev=$(sha "$d/checkpoint.sums") last_size=$size last_time=$time last_origin=$origin covered=$entries
  vouched "$d" "$c"
}

# check_novalidate SIGNATURE CHECKPOINT: it is a witness's signature over it, whosever
check_novalidate() {
  well_formed "$1" && ssh-keygen -Y check-novalidate -n greenmine-witness -s "$1" < "$2" > /dev/null 2>&1 \
    || fail "$1" "the signature does not hold 签名无效"
}

# vouched FOLDER CHECKPOINT: signature, time stamp, witnesses
vouched() {
  at='' epoch=''
  if [ -f "$1/checkpoint.sig.tsr" ] && [ -f "$trust/tsa-chain.pem" ]; then
    told=$(stamp_time "$1/checkpoint.sig.tsr") || fail "$1/checkpoint.sig.tsr" "it is no time stamp 不是时间戳"
    epoch=$(date -u -d "$told" +%s 2> /dev/null || date -j -u -f '%b %d %T %Y GMT' "$told" +%s 2> /dev/null) \
      || fail "$1/checkpoint.sig.tsr" "it is no time stamp 不是时间戳"
    openssl ts -verify -data "$1/checkpoint.sig" -in "$1/checkpoint.sig.tsr" -CAfile "$trust/tsa-chain.pem" \
      -attime "$epoch" > /dev/null 2>&1 || fail "$1/checkpoint.sig.tsr" "the time stamp does not hold 时间戳无效"
    at=$(date -u -d "@$epoch" +%Y%m%d%H%M%SZ 2> /dev/null || date -j -u -r "$epoch" +%Y%m%d%H%M%SZ)
  fi
  if [ -f "$1/checkpoint.sig" ]; then
    if signed "$2" "$1/checkpoint.sig" greenmine-checkpoint "$at" ''; then
      [ ! -f "$signers" ] || signed_to=$entries
    elif [ -z "$at" ] && signed "$2" "$1/checkpoint.sig" greenmine-checkpoint "$(echo "$time" | tr -d 'T:-')" ''; then
      note "$1/checkpoint.sig: the key has expired and no time stamp proves when it signed 密钥已过期且无时间戳"
    else
      fail "$1/checkpoint.sig" "the signature does not hold 签名无效"
    fi
  fi
  if [ -n "$at" ] && [ "$signed_to" = "$entries" ]; then
    printf '%s %s\n' "$entries" "$at" >> "$work/stamps"
    stamped=$entries
  fi
  find "$1" -name 'witness-*.sig' | sort > "$work/witnesses"
  while IFS= read -r file; do
    plain "$file"
    name=${file##*/witness-} name=${name%.sig}
    if key_of "$file" | grep -Fxqf - "$work/operators"; then
      check_novalidate "$file" "$2"
      note "$file: it is signed with the operator's own key, no outside witness 与档案管理者同一密钥，不是外部见证"
    elif [ -f "$signers" ] && ssh-keygen -Y match-principals -f "$signers" -I "$name" > /dev/null 2>&1; then
      if signed "$2" "$file" greenmine-witness '' "$name"; then
        witnessed=$entries
      elif signed "$2" "$file" greenmine-witness "${at:-$(echo "$time" | tr -d 'T:-')}" "$name"; then
        note "$file: the key has expired and nothing proves when it signed 密钥已过期"
      else
        fail "$file" "the signature does not hold 签名无效"
      fi
    else
      check_novalidate "$file" "$2"
      note "$file: the witness is not in allowed_signers 见证人不在 allowed_signers 中"
    fi
  done < "$work/witnesses"
}

if [ -e checkpoints ] || [ -L checkpoints ]; then
  [ -d checkpoints ] && [ ! -L checkpoints ] || fail checkpoints "it is not a folder 不是文件夹"
  strange=$(find checkpoints -mindepth 1 -maxdepth 1 ! -name '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it does not belong there 多余文件"
  strange=$(find checkpoints -mindepth 1 \( -path '*/*/*' ! -type f -o ! -path '*/*/*' ! -type d \) | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it is a link or something else 是链接或其他对象"
  strange=$(find checkpoints -type f -size +512 | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it is larger than 256 KiB 大于 256 KiB"
  find checkpoints -name checkpoint.sig | while IFS= read -r file; do key_of "$file"; done > "$work/operators"
  find checkpoints -mindepth 1 -maxdepth 1 | sort > "$work/checkpoints"
  while IFS= read -r folder; do checkpoint "$folder"; done < "$work/checkpoints"
fi
if [ -n "$kept" ]; then
  [ ! -d "$kept" ] || kept=$kept/checkpoint
  [ -f "$kept" ] || usage "there is no file $kept 没有该文件"
  size=$(sed -n 's/^bytes \([0-9]*\)$/\1/p' "$kept")
  [ -n "$size" ] || usage "$kept is no checkpoint 不是检查点"
  [ "sha256 $(head -c "$size" ledger | sha256sum | cut -c-64)" = "$(line "$kept" 5)" ] \
    || fail ledger "not what it was at the checkpoint you kept 与您留存的检查点不符"
  same=checkpoints/$(printf '%09d' "$(line "$kept" 2)")/checkpoint
  cmp -s "$kept" "$same" || fail "$same" "not the checkpoint you kept 不是您留存的检查点"
fi
good "checkpoints cover $covered entries: signed $signed_to, stamped $stamped, witnessed $witnessed 签名、时间戳、见证覆盖的条数"
[ "$covered" -eq "$count" ] || note "$((count - covered)) entries after the last checkpoint are not yet proven 条登记尚未证明"

# ---- bags 档案包 ------------------------------------------------------------------------------------------------------

# summed FOLDER SUMS: check `sha256sum` lines; name the first file that does not hold
summed() {
  (cd -- "$1" && sha256sum -c --strict --quiet -) < "$2" > "$work/out" 2>&1 && return
  bad=$(sed -n 's/: FAILED.*$//p' "$work/out" | head -n 1)
  fail "$1/${bad:-${2##*/}}" "it is not what was sealed 与封存时不同"
}

# expected BAG: write the manifest of evidence without what was removed lawfully to $work/expected
expected() {
  : > "$work/gone"
  cut -c67- ledger | grep "^bags/redaction/${1##*/}/" > "$work/redactions"
  while IFS= read -r tags; do
    bag "${tags%/*}"
    order "${tags%/*}" redaction
    named=${tags%/*}/data/redaction.json
    grep -oE '\{"path":"([^"\\]|\\.)*","sha256":"[0-9a-f]{64}"\}' "$named" \
      | sed -E 's/^\{"path":"(.*)","sha256":"(.*)"\}$/\2  \1/; s/\\"/"/g' > "$work/removed"
    while IFS= read -r removed; do
      grep -Fxq -e "$removed" "$1/manifest-sha256.txt" || fail "$named" "it names what was not in the evidence 所列文件不在证据中"
      name=$1/$(printf '%s\n' "$removed" | cut -c67-)
      if [ ! -e "$name" ] && [ ! -L "$name" ]; then printf '%s\n' "$removed" >> "$work/gone"; fi
    done < "$work/removed"
  done < "$work/redactions"
  if [ -s "$work/gone" ]; then
    grep -Fxv -f "$work/gone" "$1/manifest-sha256.txt" > "$work/expected"
    good "$1: $(($(wc -l < "$work/gone"))) files removed lawfully 份文件已依法移除"
  else
    cp -- "$1/manifest-sha256.txt" "$work/expected"
  fi
}

# order BAG KIND: who ordered the removal or withdrawal
order() {
  at=$(since "$(grep -Fn "  $1/tagmanifest-sha256.txt" ledger | cut -d: -f1)")
  find "$1/data" -type f ! -path "$1/data/$2.json" | sort > "$work/orders"
  [ -s "$work/orders" ] || note "$1: nobody signed it 未签名"
  while IFS= read -r file; do
    signed "$1/data/$2.json" "$file" "greenmine-$2" "$at" '' || fail "$file" "the signature does not hold 签名无效"
  done < "$work/orders"
}

withdrawal() {
  up=${1#bags/withdrawal/} json=$1/data/withdrawal.json
  refs=$(sed -n 's/.*"record":{"bag":"\([^"]*\)","tagmanifest":"\([0-9a-f]*\)".*/\2  \1/p' "$json")
  case $refs in "${up%/*}  bags/assess/"*) ;; *) fail "$json" "it is about another record 记录不符" ;; esac
  grep -Fxq -e "$refs/tagmanifest-sha256.txt" ledger || fail "$json" "it is about what is not in the ledger 所撤回的记录未登记"
  note "${refs#*  }: withdrawn, see $json 已撤回"
  order "$1" withdrawal
}

bag() {
  digest=$(grep -F "  $1/tagmanifest-sha256.txt" ledger | cut -c-64)
  up=$1
  while [ "$up" != . ]; do
    [ ! -L "$up" ] || fail "$up" "it is a link 是链接"
    up=$(dirname -- "$up")
  done
  [ -d "$1" ] || fail "$1" "there is no such bag 档案包不存在"
  strange=$(find "$1" ! -type f ! -type d | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it is a link or something else 是链接或其他对象"
  plain "$1/tagmanifest-sha256.txt"
  [ "$(sha "$1/tagmanifest-sha256.txt")" = "$digest" ] || fail "$1/tagmanifest-sha256.txt" "not the one in the ledger 与台账不符"
  strange=$(find "$1" -mindepth 1 -maxdepth 1 ! -name data ! -name bag-info.txt ! -name bagit.txt \
    ! -name manifest-sha256.txt ! -name tagmanifest-sha256.txt | head -n 1)
  [ -z "$strange" ] || fail "$strange" "the bag does not know it 多余文件"
  [ "$(cut -c67- "$1/tagmanifest-sha256.txt" | tr '\n' ' ')" = 'bag-info.txt bagit.txt manifest-sha256.txt ' ] \
    || fail "$1/tagmanifest-sha256.txt" "it names other files 所列文件不符"
  summed "$1" "$1/tagmanifest-sha256.txt"
  payload "$1"
}

payload() {
  case $1 in bags/evidence/*) expected "$1" ;; *) cp -- "$1/manifest-sha256.txt" "$work/expected" ;; esac
  cut -c67- "$work/expected" | sort > "$work/listed"
  (cd -- "$1" && find data -type f) | sort > "$work/found"
  if ! diff "$work/listed" "$work/found" > "$work/out"; then
    fail "$1/$(sed -n 's/^[<>] //p' "$work/out" | head -n 1)" "it is missing or was added 缺失或多余"
  fi
  hollow=$(cd -- "$1" && find data -mindepth 1 -type d -empty | sort | head -n 1)
  if [ -n "$hollow" ] && ! cut -c67- "$1/manifest-sha256.txt" | grep -qF -e "$hollow/"; then
    fail "$1/$hollow" "an added folder 多余文件夹"
  fi
  summed "$1" "$work/expected"
}

evidence() {
  [ "$(sha "$1/data/evidence.sums")" = "${1##*/}" ] || fail "$1/data/evidence.sums" "it is other evidence 与证据编号不符"
  sed -E 's#^(.{64})  #\1  data/files/#' "$1/data/evidence.sums" | sort > "$work/handed"
  grep -v '  data/evidence\.sums$' "$1/manifest-sha256.txt" | sort > "$work/sealed"
  cmp -s "$work/handed" "$work/sealed" || fail "$1/data/evidence.sums" "not the files that are sealed 与封存文件不符"
}

catalog() {
  [ "$(sha "$1/data/catalog.resolved.json" | cut -c-12)" = "${1##*-}" ] \
    || fail "$1/data/catalog.resolved.json" "it is another catalog 与目录编号不符"
  grep -Fq "  bags/signature/$digest/" ledger || note "$1: no authority signed it 无发布机关签名"
}

signature() {
  up=${1#bags/signature/}
  [ "$(cut -c67- "$1/manifest-sha256.txt" | tr '\n' ' ')" = 'data/catalog.sig data/catalog.sums ' ] \
    || fail "$1/manifest-sha256.txt" "it names other files 所列文件不符"
  [ -s "$1/data/catalog.sums" ] || fail "$1/data/catalog.sums" "it is empty 为空"
  grep -Fx -f "$1/data/catalog.sums" ledger | grep "^${up%/*}  bags/catalog/" | cmp -s - "$1/data/catalog.sums" \
    || fail "$1/data/catalog.sums" "it is not the catalog's line in the ledger 与台账不符"
  signed "$1/data/catalog.sums" "$1/data/catalog.sig" greenmine-catalog \
    "$(since "$(grep -Fn "  $1/tagmanifest-sha256.txt" ledger | cut -d: -f1)")" '' \
    || fail "$1/data/catalog.sig" "the signature does not hold 签名无效"
}

# audit: the frame is of a state of the ledger, each ticket is that of its record; drawing again: see VERIFY.md
audit() {
  json=$1/data/audit.json
  { sed -n 's/.*"frame":{"bytes":\([0-9]*\),"entries":\([0-9]*\),"ledger":"\([0-9a-f]*\)","records":\([0-9]*\),"sha256":"\([0-9a-f]*\)"}.*/\1 \2 \3 \4 \5/p' "$json"; echo; } > "$work/frame"
  read -r bytes entries ledger records digest < "$work/frame"
  [ -n "$digest" ] || fail "$json" "it names no frame 无抽样框"
  [ "$(sha "$1/data/frame.txt")" = "$digest" ] || fail "$1/data/frame.txt" "not the one of the audit 与审计记录不符"
  head -c "$bytes" ledger > "$work/state"
  [ "$(sha "$work/state")" = "$ledger" ] && [ "$(wc -l < "$work/state")" -eq "$entries" ] \
    || fail "$json" "it drew from another ledger 抽样框与台账不符"
  ! grep -q "  $1/tag" "$work/state" || fail "$json" "it drew from later entries 抽样框晚于审计"
  [ "$(wc -l < "$1/data/frame.txt")" -eq "$records" ] || fail "$1/data/frame.txt" "it has other lines 行数不符"
  sed -E 's#^([^ ]+) ([0-9a-f]{64}) [^ ]+$#\2  bags/assess/\1/tagmanifest-sha256.txt#' "$1/data/frame.txt" > "$work/drawable"
  strange=$(grep -Fxv -f "$work/state" "$work/drawable" | head -n 1)
  [ -z "$strange" ] || fail "$1/data/frame.txt" "it names what is not in the ledger 含未登记内容: $strange"
  while IFS=' ' read -r ticket record stratum; do
    [ "$(printf '%s,%s' "$(cat "$1/data/seed.txt")" "$record" | sha256sum | cut -c-64)" = "$ticket" ] \
      || fail "$1/data/draw.txt" "not the ticket of $record 票号不符"
    grep -q "^$record [0-9a-f]* $stratum\$" "$1/data/frame.txt" || fail "$1/data/draw.txt" "$record is not in the frame 不在抽样框中"
  done < "$1/data/draw.txt"
  harmless "$1"
}

# draw: each ticket is that of its mine or inspector, who is in the frame; drawing again: see VERIFY.md
draw() {
  first=${1%/*}/r1
  [ "$1" != "$first" ] || return 0
  json=$1/data/draw.json
  said=$(sed -n 's/.*"frame":{"bag":"\([^"]*\)","tagmanifest":"\([0-9a-f]*\)"}.*/\2  \1/p' "$json")
  [ "${said#*  }" = "$first" ] && grep -qFx "$said/tagmanifest-sha256.txt" ledger || fail "$json" "its frame is not in the ledger 抽样框未登记"
  while IFS=' ' read -r ticket mine stratum; do
    [ "$(printf '%s,%s' "$(cat "$1/data/seed.txt")" "$mine" | sha256sum | cut -c-64)" = "$ticket" ] \
      || fail "$1/data/drawn.txt" "not the ticket of $mine 票号不符"
    grep -qFx "$mine $stratum -" "$first/data/mines.txt" || fail "$1/data/drawn.txt" "$mine is not in the frame 不在抽样框中"
  done < "$1/data/drawn.txt"
  while IFS=' ' read -r ticket who mine; do
    [ "$(printf '%s,inspector,%s,%s' "$(cat "$1/data/seed.txt")" "$mine" "$who" | sha256sum | cut -c-64)" = "$ticket" ] \
      || fail "$1/data/teams.txt" "not the ticket of $who 票号不符"
    grep -qFx "$who" "$first/data/inspectors.txt" || fail "$1/data/teams.txt" "$who is not in the frame 不在抽样框中"
    ! grep -qFx "$mine $who" "$first/data/conflicts.txt" || fail "$1/data/teams.txt" "$who has a conflict 应当回避"
  done < "$1/data/teams.txt"
}

# register: the piece begins where the one before it ends, and ends with the line that it names
register() {
  json=$1/data/register.json events=$1/data/events.jsonl
  head=$(sed -n 's/.*"head":"\([0-9a-f]*\)".*/\1/p' "$json")
  [ "$(tail -n 1 "$events" | tr -d '\n' | sha256sum | cut -c-64)" = "$head" ] || fail "$events" "not the last line named 末行不符"
  number=${1##*/r}
  [ "$number" -gt 1 ] || return 0
  before=${1%/*}/r$((number - 1))
  said=$(sed -n 's/.*"previous":{"bag":"\([^"]*\)","tagmanifest":"\([0-9a-f]*\)"}.*/\2  \1/p' "$json")
  [ "${said#*  }" = "$before" ] && grep -qFx "$said/tagmanifest-sha256.txt" ledger || fail "$json" "the piece before is not in the ledger 前一段未登记"
  ended=$(sed -n 's/.*"head":"\([0-9a-f]*\)".*/\1/p' "$before/data/register.json")
  [ "$(head -n 1 "$events" | sed -n 's/.*"prev":"\([0-9a-f]*\)".*/\1/p')" = "$ended" ] || fail "$events" "it does not follow the piece before 与前一段不衔接"
}

# since LINE: the earliest proven time of an entry, or nothing
since() {
  at=''
  while read -r entries time; do
    if [ "$entries" -ge "$1" ]; then at=$time; break; fi
  done < "$work/stamps"
  printf '%s' "$at"
}

assessment() {
  json=$1/data/record.json mine=${1#bags/assess/} number=${1##*/r}
  mine=${mine%/*}
  grep -Fq "\"mine\":\"$mine\"" "$json" || fail "$json" "it is about another mine 矿山不符"
  grep -Eq "\"revision\":$number[,}]" "$json" || fail "$json" "it is another revision 版次不符"
  refs=$(sed -n 's/.*"catalog":{"bag":"\([^"]*\)","id":"[^"]*","sha256":"\([0-9a-f]*\)","tagmanifest":"\([0-9a-f]*\)".*/\3  \1 \2/p' "$json")
  [ "$(sha "$1/data/catalog.resolved.json")" = "${refs##* }" ] || fail "$1/data/catalog.resolved.json" "not the catalog of the record 与记录不符"
  grep -Fxq -e "${refs% *}/tagmanifest-sha256.txt" ledger || fail "$json" "its catalog is not in the ledger 评价指标未登记"
  refs=$(sed -n 's/.*"evidence":{"bag":"\([^"]*\)","eid":"[0-9a-f]*","tagmanifest":"\([0-9a-f]*\)".*/\2  \1/p' "$json")
  grep -Fxq -e "$refs/tagmanifest-sha256.txt" ledger || fail "$json" "its evidence is not in the ledger 证据未登记"
  if grep -q '"supersedes":' "$json"; then
    refs=$(sed -n 's/.*"supersedes":{"bag":"\([^"]*\)","tagmanifest":"\([0-9a-f]*\)".*/\2  \1/p' "$json")
    grep -Fxq -e "$refs/tagmanifest-sha256.txt" ledger || fail "$json" "what it supersedes is not in the ledger 被取代的版次未登记"
  fi
  refs=$(sed -n 's/.*"engine":{"sha256":"\([0-9a-f]*\)".*/\1/p' "$json")
  [ "$(sha "$1/data/engine/rescore.pyz")" = "$refs" ] || fail "$1/data/engine/rescore.pyz" "not the program of the record 与记录不符"
  members "$1" "$json"
  attest "$1" "$json"
  rescore "$1" "$json"
  harmless "$1"
}

# members BAG RECORD: the files that every assessment has and no others; each journal ends with the line that is named
members() {
  for name in catalog.resolved.json engine/rescore.pyz findings.json panel.yaml report.html report.ipynb \
    ro-crate-metadata.json score.json; do plain "$1/data/$name"; done
  sed -n 's/.*"journals":{\([^}]*\)}.*/\1/p' "$2" | tr ',' '\n' | sed -n 's/^"\([^"]*\)":"\([0-9a-f]*\)"$/\2 \1/p' > "$work/heads"
  {
    printf 'data/%s\n' catalog.resolved.json engine/rescore.pyz findings.json mapping.json panel.yaml record.json \
      report.html report.ipynb ro-crate-metadata.json score.json attest/statement.sums
    sed 's#^[^ ]* \(.*\)$#data/journals/\1.jsonl#' "$work/heads"
  } > "$work/members"
  strange=$(cut -c67- "$1/manifest-sha256.txt" | grep -Fxv -f "$work/members" \
    | grep -Evx "data/attest/(expert-$id\\.sig|sign-off-$id\\.(json|sig))|data/earlier/$id/(panel\\.yaml|journal/$id\\.jsonl)" \
    | head -n 1)
  [ -z "$strange" ] || fail "$1/$strange" "it has no place in an assessment 评价档案中不应有此文件"
  while IFS=' ' read -r digest person; do
    file=$1/data/journals/$person.jsonl
    plain "$file"
    [ "$(tail -n 1 "$file" | tr -d '\n' | sha256sum | cut -c-64)" = "$digest" ] || fail "$file" "not the last line of the record 末行与记录不符"
  done < "$work/heads"
}

harmless() {
  find "$1/data" -name '*.htm*' | sort > "$work/pages"
  while IFS= read -r page; do
    grep -aq "default-src 'none'" "$page" || fail "$page" "no policy forbids to run and load 缺少禁止运行和加载的策略"
    # one tag a line, for text may hold the same words; values in quotes may, too
    tr '\n' ' ' < "$page" | sed 's/</\
</g' > "$work/tags"
    if grep -aqiE '^<(script|iframe|object|embed|link|base|form|meta[^>]*refresh)|^<[^>]*(src|srcset|href|action)[[:space:]]*=[[:space:]]*["'"'"']?[[:space:]]*(javascript:|(https?:)?//)|^<(style[^>]*>.*|[^>]*)(@import|url\([[:space:]]*["'"'"']?(https?:)?//)' "$work/tags" \
      || sed "s/=[[:space:]]*\"[^\"]*\"/=\"\"/g; s/=[[:space:]]*'[^']*'/=''/g" "$work/tags" | grep -aqiE '^<[^>]*[[:space:]"'"'"'/]on[a-z]+[[:space:]]*='; then
      fail "$page" "it runs something or loads something from elsewhere 含脚本或外部链接"
    fi
  done < "$work/pages"
}

attest() {
  statement=$1/data/attest/statement.sums
  ls "$1/data/attest/"*.sig > /dev/null 2>&1 || note "$1: no expert signed it 无专家签名"
  [ -d "$1/data/attest" ] || return
  plain "$statement"
  cut -c67- "$1/manifest-sha256.txt" | grep -Ev '^data/((attest|journals|engine)/|ro-crate-metadata\.json$)' > "$work/stated"
  cut -c67- "$statement" | cmp -s - "$work/stated" \
    || fail "$statement" "it is about other files 所列文件不符"
  summed "$1" "$statement"
  at=$(since "$(grep -Fn "  $1/tagmanifest-sha256.txt" ledger | cut -d: -f1)")
  said=$(sed -n 's/.*"sealed_on":"\([^"]*\)".*/\1/p' "$2" | tr -d 'T:-')
  assessment=$(sed -n 's/.*"assessment":"\([^"]*\)".*/\1/p' "$2")
  find "$1/data/attest" -name 'expert-*.sig' -o -name 'sign-off-*.sig' | sort > "$work/experts"
  while IFS= read -r file; do
    expert=${file##*/expert-} expert=${expert##*/sign-off-} expert=${expert%.sig} statement=$1/data/attest/statement.sums
    tr -d "\"'" < "$1/data/panel.yaml" | tr '\n\r\t' '   ' \
      | grep -Eq "(^|[ {,])id *: *$(printf '%s' "$expert" | sed 's/\./\\./g')([ ,}]|\$)" \
      || fail "$file" "$expert is not in the panel 不在专家组中"
    if [ "${file##*/sign-off-}" != "$file" ]; then
      statement=${file%.sig}.json
      plain "$statement"
      for part in catalog.resolved.json panel.yaml score.json; do
        grep -Fq "\"$(sha "$1/data/$part")\"" "$statement" || fail "$statement" "it is about another $part 所签内容不符"
      done
      grep -Fq "\"member\":\"$expert\",\"mine\":\"$mine\"," "$statement" \
        || fail "$statement" "it is somebody else's or of another mine 签署人或矿山不符"
    fi
    signed "$statement" "$file" greenmine-finding "$at" "$expert@$assessment@$mine" && continue
    if [ -z "$at" ] && signed "$statement" "$file" greenmine-finding "$said" "$expert@$assessment@$mine"; then
      note "$file: the key has expired and no time stamp proves when it signed 密钥已过期且无时间戳"
      continue
    fi
    fail "$file" "the signature does not hold 签名无效"
  done < "$work/experts"
}

rescore() {
  program=$engine
  if [ -z "$program" ]; then
    [ -n "$run" ] || return
    program=$1/data/engine/rescore.pyz
  elif [ "$(sha "$engine")" != "$(sha "$1/data/engine/rescore.pyz")" ]; then
    note "$1: scored by another program than yours 评分程序与您的不同"
  fi
  command -v python3 > /dev/null || usage "the tool python3 is missing 缺少工具 python3"
  sed -n 's/.*"readings":{\([^}]*\)}.*/\1/p' "$2" | tr ',' '\n' | sed -n 's/^"\([^"]*\)":"\([^"]*\)"$/\1=\2/p' > "$work/readings"
  set -- "$1"
  where=$1
  shift
  while IFS= read -r reading || [ -n "$reading" ]; do set -- "$@" "$reading"; done < "$work/readings"
  python3 -I "$program" "$where/data/findings.json" "$where/data/catalog.resolved.json" "$@" \
    < /dev/null 2> /dev/null > "$work/score"
  cmp -s "$work/score" "$where/data/score.json" || fail "$where/data/score.json" "it does not follow from findings and catalog 得分与事实不符"
}

look() {
  bag "$1"
  case $1 in
    bags/evidence/*) evidence "$1" ;;
    bags/catalog/*) catalog "$1" ;;
    bags/signature/*) signature "$1" ;;
    bags/assess/*) assessment "$1" ;;
    bags/audit/*) audit "$1" ;;
    bags/draw/*) draw "$1" ;;
    bags/register/*) register "$1" ;;
    bags/withdrawal/*) withdrawal "$1" ;;
  esac
}

# ---- what to look at 核验范围 -----------------------------------------------------------------------------------------

if [ $# -eq 0 ]; then
  cut -c67- ledger | sed 's#/tagmanifest-sha256\.txt$##' > "$work/scope"
else
  : > "$work/scope"
  for record in "$@"; do
    found=$(cut -c67- ledger | sed 's#/tagmanifest-sha256\.txt$##' | grep -Fx -e "$record" -e "bags/assess/$record")
    if [ -z "$found" ]; then
      number=$(cut -c67- ledger | sed 's#/tagmanifest-sha256\.txt$##' | grep -F "bags/assess/$record/r" \
        | sed -n 's#^bags/assess/[^/]*/r\([0-9]*\)$#\1#p' | sort -n | tail -n 1)
      [ -n "$number" ] || usage "the ledger names no record $record 台账中没有该记录"
      found=bags/assess/$record/r$number
    fi
    case $found in
      bags/assess/*)
        json=$found/data/record.json
        plain "$json"
        for kind in evidence catalog; do
          rest=$(sed -n "s/.*\"$kind\":{\"bag\":\"\\([^\"]*\\)\".*/\\1/p" "$json")
          grep -Fq "  $rest/tagmanifest-sha256.txt" ledger || fail "$json" "its $kind is not in the ledger 所引 $kind 未登记"
          printf '%s\n' "$rest" >> "$work/scope"
          digest=$(grep -F "  $rest/tagmanifest-sha256.txt" ledger | cut -c-64)
          cut -c67- ledger | sed 's#/tagmanifest-sha256\.txt$##' | grep "^bags/signature/$digest/" >> "$work/scope"
        done
        ;;
    esac
    printf '%s\n' "$found" >> "$work/scope"
    digest=$(grep -F "  $found/tagmanifest-sha256.txt" ledger | cut -c-64)
    cut -c67- ledger | sed 's#/tagmanifest-sha256\.txt$##' | grep "^bags/withdrawal/$digest/" >> "$work/scope"
  done
fi
while IFS= read -r one; do look "$one"; done < "$work/scope"
good "$(sort -u "$work/scope" | wc -l | tr -d ' ') bags 个档案包"

if [ $# -eq 0 ] && [ -e bags ]; then
  strange=$(find bags -maxdepth 3 ! -type d | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it does not belong there 多余文件"
  strange=$(find bags -mindepth 1 -maxdepth 1 ! -name evidence ! -name catalog ! -name assess ! -name redaction \
    ! -name signature ! -name audit ! -name draw ! -name register ! -name withdrawal | head -n 1)
  [ -z "$strange" ] || fail "$strange" "it does not belong there 多余文件夹"
  find bags -mindepth 3 -maxdepth 3 | sort > "$work/found"
  cut -c67- ledger | sed 's#/tagmanifest-sha256\.txt$##' | sort > "$work/listed"
  if ! diff "$work/listed" "$work/found" > "$work/out"; then
    fail "$(sed -n 's/^[<>] //p' "$work/out" | head -n 1)" "a bag that is not in the ledger 档案包未登记"
  fi
fi
[ -n "$engine$run" ] || note "scores were not recomputed (-e or -x) 未重算得分"
good "everything that was looked at holds 所核验内容全部通过"
