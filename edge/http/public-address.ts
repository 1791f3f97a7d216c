// Is an address one that strangers may make the edge talk to? Pure. The tables are IANA's special-purpose registries
// (RFC 6890, as updated by RFC 8190): whatever is not for the public Internet is refused, and so is whatever wraps an
// IPv4 address into an IPv6 one, because somebody else unwraps it.

/** IPv4: address and prefix length, with the document that sets it apart. */
const ipv4Special = [
  '0.0.0.0/8', // this network, RFC 791 section 3.2
  '10.0.0.0/8', // private use, RFC 1918
  '100.64.0.0/10', // shared address space of carriers, RFC 6598
  '127.0.0.0/8', // loopback, RFC 1122 section 3.2.1.3
  '169.254.0.0/16', // link-local, RFC 3927; metadata services of clouds
  '172.16.0.0/12', // private use, RFC 1918
  '192.0.0.0/24', // IETF protocol assignments, RFC 6890 section 2.1
  '192.0.2.0/24', // documentation, RFC 5737
  '192.31.196.0/24', // AS112, RFC 7535
  '192.52.193.0/24', // automatic multicast tunnelling, RFC 7450
  '192.88.99.0/24', // 6to4 relays, RFC 7526
  '192.168.0.0/16', // private use, RFC 1918
  '192.175.48.0/24', // AS112, RFC 7534
  '198.18.0.0/15', // benchmarking, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved, RFC 1112 section 4, and 255.255.255.255, RFC 919
].map((entry) => rangeOf(entry, parseIpv4));

/**
 * IPv6: only 2000::/3 is global unicast (RFC 4291 section 2.4). That alone leaves out loopback, IPv4-mapped
 * (::ffff:0:0/96), NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only (100::/64), segment routing (5f00::/16), unique
 * local (fc00::/7), link-local (fe80::/10) and multicast (ff00::/8). Inside of it these are apart:
 */
const ipv6Global = rangeOf('2000::/3', parseIpv6);
const ipv6Special = [
  '2001::/23', // IETF protocol assignments, RFC 2928: Teredo (RFC 4380), ORCHID (RFC 7343), benchmarking (RFC 5180)
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4, RFC 3056: an IPv4 address inside
  '2620:4f:8000::/48', // AS112, RFC 7534
  '3fff::/20', // documentation, RFC 9637
].map((entry) => rangeOf(entry, parseIpv6));

/** RFC 4291 section 2.5.5.2. */
const ipv4Mapped = rangeOf('::ffff:0:0/96', parseIpv6);

/** false also for text that is no address. `address` is in dotted or colon notation, without brackets or zone. */
export function isPublicAddress(address: string): boolean {
  const ipv4 = parseIpv4(address);
  if (ipv4 !== null) return !ipv4Special.some((range) => isIn(ipv4, range));
  const ipv6 = parseIpv6(address);
  return ipv6 !== null && isIn(ipv6, ipv6Global) && !ipv6Special.some((range) => isIn(ipv6, range));
}

/**
 * Whom an address belongs to, for counting: an IPv4 address is itself, of an IPv6 address the first 48 bits, because
 * whoever has one may have all of those (RFC 6177 section 2). Text that is no address is itself.
 */
export function networkOf(address: string): string {
  const ipv6 = parseIpv6(address);
  if (ipv6 === null) return address;
  return isIn(ipv6, ipv4Mapped) ? ipv6.slice(12).join('.') : `${ipv6.slice(0, 6).join('.')}/48`;
}

/** 127.0.0.0/8 and ::1 (RFC 6890 section 2.2). */
export function isLoopback(address: string): boolean {
  const own = parseIpv4(address);
  if (own !== null) return own[0] === 127;
  return parseIpv6(address)?.every((byte, i) => byte === (i === 15 ? 1 : 0)) === true;
}

/** Big-endian bytes; 4 or 16. */
type Address = readonly number[];

interface Range {
  readonly start: Address;
  readonly prefixBits: number;
}

function rangeOf(entry: string, parse: (text: string) => Address | null): Range {
  const [text = '', bits] = entry.split('/');
  return { start: parse(text) ?? [], prefixBits: Number(bits) };
}

function isIn(address: Address, { start, prefixBits }: Range): boolean {
  return start.every((byte, i) => {
    const bits = Math.min(Math.max(prefixBits - i * 8, 0), 8);
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((address[i] ?? 0) & mask);
  });
}

/** Four decimal numbers without leading zeros (some readers take those for octal). */
function parseIpv4(text: string): Address | null {
  const parts = text.split('.');
  const plain = parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
  return plain ? parts.map(Number) : null;
}

/** RFC 4291 section 2.2, all three forms. */
function parseIpv6(text: string): Address | null {
  if (!/^[0-9a-f:.]{2,45}$/i.test(text)) return null;
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return null;
  const before = groupsOf(head, tail === undefined);
  const after = tail === undefined ? [] : groupsOf(tail, true);
  if (before === null || after === null) return null;
  const missing = 16 - before.length - after.length;
  // `::` stands for at least one group; without it there must be all eight.
  if (tail === undefined ? missing !== 0 : missing < 2) return null;
  return [...before, ...new Array<number>(missing).fill(0), ...after];
}

/** Only what ends the address may end in dotted notation. */
function groupsOf(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const ipv4 = isEnd && i === groups.length - 1 ? parseIpv4(group) : null;
    if (ipv4 !== null) bytes.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return null;
  }
  return bytes;
}
