import { useEffect, useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { useServed } from '#console/api/contract.ts';
import { download } from '#console/api/transfer.ts';
import { previewBytesMax } from '#console/limits.ts';
import { heldFaces } from '#console/operation/faces.ts';
import { Amount } from '#console/part/amount.tsx';
import { Button } from '#console/part/button.tsx';
import { CodeBlock } from '#console/part/code.tsx';
import { Id } from '#console/part/copy.tsx';
import { Dialog } from '#console/part/dialog.tsx';
import { Facts } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { When } from '#console/part/when.tsx';
import { Value } from '#console/view/value.tsx';
import { ObjectDelete } from './object-delete.tsx';
import { VersionsOf } from './version-list.tsx';

type Head = {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly lastModified: number;
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly checksum?: { readonly algorithm: string; readonly value: string };
};

/** One object: what is known of it, a look at it, how to share it. */
export function ObjectDetail({
  bucket,
  objectKey,
  onClose,
  onChanged,
}: {
  bucket: string;
  objectKey: string;
  onClose: () => void;
  onChanged: () => void;
}) {
  const api = useApi();
  const may = useMay('storage');
  const head = useOperation<Head>('storage', 'HeadObject', bucket, { key: objectKey });
  const name = objectKey.split('/').at(-1) || objectKey;
  const get = () =>
    download({
      title: name,
      place: bucket,
      sizeBytes: head.value?.size,
      sending: api.sending('storage', 'GetObject', bucket, { key: objectKey }),
    });
  return (
    <Dialog title={name} onClose={onClose} wide>
      <div className="stack">
        {head.problem && <Refusal problem={head.problem} again={head.again} />}
        {!head.value && !head.problem && <Waiting rows={3} />}
        {head.value && (
          <>
            <Facts
              facts={[
                ['Size', <Amount key="size" value={head.value.size} unit="byte" />],
                ['Changed', <When key="changed" at={head.value.lastModified} />],
                ['Type', head.value.contentType ?? 'application/octet-stream'],
                ['Entity tag', <Id key="etag" id={head.value.etag} />],
                ...(head.value.checksum ? [[head.value.checksum.algorithm, <Id key="sum" id={head.value.checksum.value} />] as const] : []),
                ...(head.value.cacheControl ? [['Cache', head.value.cacheControl] as const] : []),
                ...(head.value.metadata
                  ? [['Metadata', <Value key="metadata" name="metadata" schema={undefined} value={head.value.metadata} />] as const]
                  : []),
              ]}
            />
            <Facts facts={[['Key', <Id key="key" id={objectKey} whole />]]} />
            <Preview bucket={bucket} head={head.value} />
            <VersionsOf
              bucket={bucket}
              objectKey={objectKey}
              onChanged={() => {
                head.again();
                onChanged();
              }}
            />
            <Share bucket={bucket} objectKey={objectKey} />
          </>
        )}
        <div className="row dialog-end">
          {may('DeleteObjects') && (
            <ObjectDelete
              bucket={bucket}
              keys={[objectKey]}
              onDone={() => {
                onChanged();
                onClose();
              }}
            />
          )}
          <span className="grow" />
          <Button look="main" icon="download" data-autofocus onClick={get}>
            Download
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** Small texts and pictures show themselves. A picture is drawn from memory, so that nothing in it can run. */
function Preview({ bucket, head }: { bucket: string; head: Head }) {
  const api = useApi();
  const [shown, setShown] = useState<{ text: string } | { url: string }>();
  const type = head.contentType ?? '';
  const isPicture = /^image\/(png|jpeg|gif|webp|avif)/.test(type);
  const isText = /^text\/|^application\/(json|xml|javascript|yaml|toml)|\+json|\+xml/.test(type);
  const isSmall = head.size > 0 && head.size <= previewBytesMax;
  useEffect(() => {
    if (!isSmall || (!isPicture && !isText)) return undefined;
    const stop = new AbortController();
    let url: string | undefined;
    void api
      .open('storage', 'GetObject', bucket, { key: head.key }, { signal: stop.signal })
      .then(async (reply) => {
        if (isText) return setShown({ text: await reply.text() });
        url = URL.createObjectURL(new Blob([await reply.arrayBuffer()], { type }));
        return setShown({ url });
      })
      .catch(() => setShown(undefined));
    return () => {
      stop.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [api, bucket, head.key, head.etag, isSmall, isPicture, isText, type]);
  if (!shown) return null;
  return (
    <div className="preview" tabIndex={0} role="region" aria-label="Preview">
      {'url' in shown ? <img src={shown.url} alt={head.key} /> : <pre>{shown.text}</pre>}
    </div>
  );
}

/** The console holds no S3 secret, so the link is signed by the reader's own client. */
function Share({ bucket, objectKey }: { bucket: string; objectKey: string }) {
  const endpoint = useServed().value?.doors['storage.s3']?.url.replace(/\/$/, '');
  if (!endpoint) return null;
  const quoted = `'${`s3://${bucket}/${objectKey}`.replaceAll("'", `'\\''`)}'`;
  return (
    <div className="stack tight">
      <h3>Share it for an hour</h3>
      <p className="dim">
        A presigned link lets whoever has it read this object and nothing else
        {heldFaces() ? '' : '; it needs an S3 key pair from Credentials'}.
      </p>
      <CodeBlock label="Presign line" text={`aws s3 presign ${quoted} --expires-in 3600 --endpoint-url ${endpoint}`} />
    </div>
  );
}
