import { BlobsError } from './error.ts';

/** Where blobs are kept and who comes: `https://KEY:SECRET@host:port/BUCKET/PREFIX?region=REGION`, or `http://`. */
export type Address = {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly region: string;
  readonly login?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

const usualRegion = 'us-east-1';

export function readAddress(text: string): Address {
  // The address may hold a secret, so no error repeats it.
  if (!URL.canParse(text)) throw wrong();
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong();
  const [bucket = '', ...folders] = decodeURIComponent(url.pathname).split('/').filter((part) => part !== '');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new BlobsError('InvalidBucketName', 'The address of a store of blobs names no bucket.');
  const tls = url.protocol === 'https:';
  const [accessKeyId, secretAccessKey] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    tls,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (tls ? 443 : 80)),
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(''),
    region: url.searchParams.get('region') ?? usualRegion,
    ...(accessKeyId === '' ? {} : { login: { accessKeyId, secretAccessKey } }),
  };
}

const wrong = () =>
  new BlobsError('InvalidAddress', 'A store of blobs has an address like https://KEY:SECRET@host/BUCKET/PREFIX?region=REGION.');
