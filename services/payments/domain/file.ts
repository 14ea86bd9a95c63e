import { type Fields, textOf, type Thing } from './json.ts';

/** What a file is, by its first bytes. */
const heads: readonly (readonly [type: string, head: string])[] = [
  ['pdf', '25504446'],
  ['png', '89504e470d0a1a0a'],
  ['jpg', 'ffd8ff'],
  ['gif', '47494638'],
];

/** The media types that files are handed out as. */
export const mediaTypes: Readonly<Record<string, string>> = {
  ...{ pdf: 'application/pdf', png: 'image/png', jpg: 'image/jpeg', gif: 'image/gif' },
};

export function typeOf(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, 8).toString('hex');
  return heads.find(([, start]) => head.startsWith(start))?.[0];
}

type Own = { readonly id: string; readonly created: number; readonly origin: string; readonly type: string; readonly size: number };

export const newFile = (given: Fields, { id, created, origin, type, size }: Own): Thing => ({
  ...{ id, object: 'file', created, expires_at: null, filename: textOf(given.filename) ?? `${id}.${type}` },
  links: { object: 'list', data: [], has_more: false, url: `/v1/file_links?file=${id}` },
  ...{ purpose: given.purpose ?? '', size, title: null, type, url: `${origin}/v1/files/${id}/contents` },
});
