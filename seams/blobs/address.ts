import { BlobsError } from './error.ts';

/**
 * Where blobs are kept and who comes: `https://KEY:SECRET@host:port/BUCKET/PREFIX?region=REGION`, or `http://`; or, as tools of S3
 * write it, `s3://KEY:SECRET@BUCKET/PREFIX?region=REGION&endpoint=https://host:port`, without an endpoint at Amazon.
 */
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
  const region = url.searchParams.get('region') ?? usualRegion;
  const isNamed = url.protocol === 's3:';
  const endpoint = isNamed ? endpointOf(url, region) : url;
  if (endpoint.protocol !== 'https:' && endpoint.protocol !== 'http:') throw wrong();
  const parts = decodeURIComponent(url.pathname).split('/');
  const [bucket = '', ...folders] = (isNamed ? [url.host, ...parts] : parts).filter((part) => part !== '');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new BlobsError('InvalidBucketName', 'The address of a store of blobs names no bucket.');
  const tls = endpoint.protocol === 'https:';
  const [accessKeyId, secretAccessKey] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  return {
    tls,
    host: endpoint.hostname.replace(/^\[|\]$/g, ''),
    port: Number(endpoint.port || (tls ? 443 : 80)),
    bucket,
    prefix: folders.map((folder) => `${folder}/`).join(''),
    region,
    ...(accessKeyId === '' ? {} : { login: { accessKeyId, secretAccessKey } }),
  };
}

function endpointOf({ searchParams }: URL, region: string): URL {
  const text = searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`;
  if (!URL.canParse(text)) throw wrong();
  const endpoint = new URL(text);
  // A path, or a login of its own, would be passed over.
  if (endpoint.pathname !== '/' || endpoint.username !== '') throw wrong();
  return endpoint;
}

const wrong = () =>
  new BlobsError(
    'InvalidAddress',
    'A store of blobs has an address like https://KEY:SECRET@host/BUCKET/PREFIX?region=REGION or ' +
      's3://KEY:SECRET@BUCKET/PREFIX?region=REGION&endpoint=https://host.',
  );
