const acronyms = new Map(
  ['id', 'uid', 'url', 'api', 'md5', 'sha256', 'ip', 'ttl', 'http', 's3', 'csv', 'json', 'etag'].map((word) => [
    word,
    word === 'etag' ? 'ETag' : word.toUpperCase(),
  ]),
);
const units = new Map([
  ['ms', 'ms'],
  ['bytes', 'bytes'],
  ['seconds', 's'],
  ['kw', 'kW'],
  ['kwh', 'kWh'],
  ['percent', '%'],
]);

/** The words of a name in camelCase, PascalCase or kebab-case, in lower case. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s._-]+/)
    .filter(Boolean)
    .map((word) => word.toLowerCase());
}

/** `accessKeyId` is `Access key ID`; the unit at the end of a name is told by `unitOf`. */
export function titleOf(name: string): string {
  const words = wordsOf(name);
  const bare = words.length > 1 && units.has(words.at(-1) ?? '') ? words.slice(0, -1) : words;
  const text = bare.map((word) => acronyms.get(word) ?? word).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The unit a name ends in, by the house's rule that units come last: `sizeBytes` is in bytes. */
export function unitOf(name: string): string | undefined {
  const words = wordsOf(name);
  return words.length > 1 ? units.get(words.at(-1) ?? '') : undefined;
}

/** `ListBuckets` is `List buckets`: an operation as a person would say it. */
export function sentenceOf(name: string): string {
  return titleOf(name);
}

/** The middle of a long id left out. */
export function shortId(id: string, keep = 6): string {
  return id.length <= keep * 2 + 1 ? id : `${id.slice(0, keep)}…${id.slice(-4)}`;
}
