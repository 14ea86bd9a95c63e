/** Names under which this door is known; a label before one of them is a bucket's name. */
const knownHosts = ['localhost', '127.0.0.1', '[::1]', 's3.localhost'];
/** The name before which a bucket's name stands for its website. */
const websiteHost = 's3-website.localhost';

/** `website`: it is asked as a website, by whom and how a browser asks. */
export type Target = { readonly bucket: string; readonly key: string; readonly hostBucket?: string; readonly website?: true };

/** The bucket and key of a decoded path: virtual-host style when the host has a bucket before a known name, else path style. */
export function targetOf(path: string, host: string): Target {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const rest = path.slice(1);
  if (name.endsWith(`.${websiteHost}`)) return { bucket: name.slice(0, -websiteHost.length - 1), key: rest, website: true };
  const bucket = bucketOfHost(name);
  if (bucket !== undefined) return { bucket, key: rest, hostBucket: bucket };
  const slash = rest.indexOf('/');
  return slash < 0 ? { bucket: rest, key: '' } : { bucket: rest.slice(0, slash), key: rest.slice(slash + 1) };
}

function bucketOfHost(name: string): string | undefined {
  if (knownHosts.includes(name)) return undefined;
  const known = knownHosts.filter((one) => name.endsWith(`.${one}`)).toSorted((a, b) => b.length - a.length)[0];
  return known === undefined ? undefined : name.slice(0, -known.length - 1);
}
