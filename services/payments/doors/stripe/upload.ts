import type { HttpRequest } from '#engine/http1/request.ts';
import { readBody } from '#kernel/listen/body.ts';
import { boundaryOf } from '#wire/form-data/form-data.ts';
import { fileBytesMax } from '../../contract/limits.ts';
import { type Branch, FormError } from './form.ts';
import { uploadFieldsMaxBytes, uploadPartsMax } from './limits.ts';

/** Whether a request brings a file, in the form of browsers (RFC 7578). */
export const isUpload = ({ headers }: HttpRequest): boolean => /^\s*multipart\/form-data/i.test(headers['content-type'] ?? '');

/** The fields of an upload; its file stands among them as base64, in whatever order a client sends them. */
export async function readUpload(request: HttpRequest): Promise<Branch> {
  const boundary = boundaryOf(request.headers['content-type'] ?? '');
  if (boundary === undefined) throw new FormError('The Content-Type of an upload names no boundary.');
  const body = await readBody(request, fileBytesMax + uploadFieldsMaxBytes);
  const form: Branch = new Map();
  for (const part of partsOf(body, boundary)) {
    const end = part.indexOf('\r\n\r\n');
    if (end < 0) throw new FormError('A part of the upload has no end of its head.');
    const head = part.subarray(0, end).toString('utf8');
    const name = parameter(head, 'name');
    if (name === undefined) throw new FormError('A part of the upload has no name.');
    const bytes = part.subarray(end + 4);
    const filename = parameter(head, 'filename');
    if (name !== 'file') form.set(name, bytes.toString('utf8'));
    else if (bytes.length > fileBytesMax) throw new FormError(`A file has at most ${fileBytesMax} bytes.`);
    else if (bytes.length === 0) throw new FormError('The file is empty.');
    else form.set('content', bytes.toString('base64'));
    if (name === 'file' && filename !== undefined) form.set('filename', filename);
  }
  return form;
}

/** What stands between the boundaries. */
function partsOf(body: Buffer, boundary: string): Buffer[] {
  const mark = Buffer.from(`\r\n--${boundary}`);
  const whole = Buffer.concat([Buffer.from('\r\n'), body]);
  const parts: Buffer[] = [];
  let from = whole.indexOf(mark);
  while (from >= 0) {
    const start = from + mark.length;
    if (whole.subarray(start, start + 2).toString('latin1') === '--') return parts;
    const next = whole.indexOf(mark, start);
    if (next < 0) break;
    if (parts.length >= uploadPartsMax) throw new FormError(`An upload has at most ${uploadPartsMax} parts.`);
    parts.push(whole.subarray(start + 2, next));
    from = next;
  }
  throw new FormError('The upload ended before its last boundary.');
}

const parameter = (head: string, wanted: string): string | undefined => {
  const [, quoted, plain] = new RegExp(`;\\s*${wanted}=(?:"([^"\\r\\n]*)"|([^;\\s]*))`, 'i').exec(head) ?? [];
  return quoted ?? plain;
};
