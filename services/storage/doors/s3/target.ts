/** Names under which this door is known; a label before one of them is a bucket's name. */
const knownHosts = ['localhost', '127.0.0.1', '[::1]'];
/** The base name that every deployment has. */
const ownDomain = 'localhost';

/** `website`: it is asked as a website, by whom and how a browser asks. */
export type Target = { readonly bucket: string; readonly key: string; readonly hostBucket?: string; readonly website?: true };

/**
 * The bucket and key of a decoded path: virtual-host style when the host has a bucket before a known name, else path style.
 * `domains` are the operator's base names: `s3.<domain>` is the door, and `s3-website.<domain>` stands behind the names of websites.
 */
export function targetOf(path: string, host: string, domains: readonly string[]): Target {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const rest = path.slice(1);
  const bases = [...domains, ownDomain];
  const site = before(
    name,
    bases.map((domain) => `s3-website.${domain}`),
  );
  if (site !== undefined) return { bucket: site, key: rest, website: true };
  const doors = [...bases.map((domain) => `s3.${domain}`), ...knownHosts];
  const bucket = doors.includes(name) ? undefined : before(name, doors);
  if (bucket !== undefined) return { bucket, key: rest, hostBucket: bucket };
  const slash = rest.indexOf('/');
  return slash < 0 ? { bucket: rest, key: '' } : { bucket: rest.slice(0, slash), key: rest.slice(slash + 1) };
}

/** What stands before the longest of some names. */
function before(name: string, known: readonly string[]): string | undefined {
  const found = known.filter((one) => name.endsWith(`.${one}`)).toSorted((a, b) => b.length - a.length)[0];
  return found === undefined ? undefined : name.slice(0, -found.length - 1);
}
