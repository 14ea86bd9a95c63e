import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useApi, useMay } from '#console/api/call.ts';
import { download } from '#console/api/transfer.ts';
import { exactCount } from '#console/format/quantity.ts';
import { Amount } from '#console/part/amount.tsx';
import { Button } from '#console/part/button.tsx';
import { Icon } from '#console/part/icon.tsx';
import { Live } from '#console/part/live.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { type Line, stepsOf, useObjects } from './object.ts';
import { ObjectDelete } from './object-delete.tsx';
import { ObjectDetail } from './object-detail.tsx';
import { Transfers } from './transfers.tsx';
import { UploadButton, useDrop } from './upload.tsx';
import { VersionList } from './version-list.tsx';
import './object.css';

/** The objects of a bucket, walked by prefix. */
export function ObjectBrowser({ name }: ThingProps) {
  const [search, change] = useSearchParams();
  const prefix = search.get('prefix') ?? '';
  const opened = search.get('object');
  const versions = search.get('versions') !== null;
  const listing = useObjects(name, prefix);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const may = useMay('storage');
  const drop = useDrop(name, prefix, listing.again, may('PutObject'));
  const go = (next: { prefix?: string; object?: string; versions?: string }) => {
    setChosen(new Set());
    change(Object.fromEntries(Object.entries({ prefix, versions: versions ? 'all' : '', ...next }).filter(([, value]) => value)));
  };
  const picked = [...chosen].filter((key) => listing.lines?.some((line) => line.is === 'object' && line.key === key));
  return (
    <div className="stack">
      <Section flush>
        <div {...drop.target}>
          <div className="table-bar">
            <Steps bucket={name} prefix={prefix} onGo={(to) => go({ prefix: to, object: '' })} />
            <span className="grow" />
            <Live mode={listing.problem ? 'lost' : 'polled'} heardAt={listing.heardAt} />
            {may('ListObjectVersions') && (
              <Button
                size="small"
                look={versions ? 'plain' : 'quiet'}
                icon={versions ? 'check' : 'file'}
                aria-pressed={versions}
                onClick={() => go({ versions: versions ? '' : 'all' })}
              >
                Versions
              </Button>
            )}
            {picked.length > 0 && may('DeleteObjects') && (
              <ObjectDelete
                bucket={name}
                keys={picked}
                onDone={() => {
                  setChosen(new Set());
                  listing.again();
                }}
              />
            )}
            {may('PutObject') && <UploadButton bucket={name} prefix={prefix} onDone={listing.again} />}
          </div>
          {versions ? (
            <VersionList bucket={name} prefix={prefix} onFolder={(to) => go({ prefix: to })} />
          ) : (
            <Objects
              {...{ bucket: name, prefix, listing, chosen, setChosen, go }}
              canDelete={may('DeleteObjects')}
              canPut={may('PutObject')}
            />
          )}
          {drop.over && (
            <div className="drop" aria-hidden="true">
              <Icon name="upload" size={24} />
              Drop to upload to {name}/{prefix}
            </div>
          )}
        </div>
      </Section>
      <Transfers place={name} />
      {opened && <ObjectDetail bucket={name} objectKey={opened} onClose={() => go({ object: '' })} onChanged={listing.again} />}
    </div>
  );
}

type LinesProps = {
  bucket: string;
  prefix: string;
  listing: ReturnType<typeof useObjects>;
  chosen: ReadonlySet<string>;
  setChosen: (chosen: ReadonlySet<string>) => void;
  go: (next: { prefix?: string; object?: string }) => void;
  canDelete: boolean;
};

/** The live objects below a prefix, or why none are shown. */
function Objects({ canPut, ...props }: LinesProps & { canPut: boolean }) {
  const { bucket, prefix, listing } = props;
  if (listing.problem)
    return (
      <div className="section-body">
        <Refusal problem={listing.problem} again={listing.again} />
      </div>
    );
  if (!listing.lines) return <Waiting />;
  if (listing.lines.length > 0) return <Lines {...props} />;
  return (
    <Empty
      icon="upload"
      title={prefix === '' ? 'This bucket is empty' : 'Nothing below this prefix'}
      action={canPut && <UploadButton bucket={bucket} prefix={prefix} onDone={listing.again} main />}
    >
      Drop files here, or send them with any S3 client; the lines for yours are on the overview of storage.
    </Empty>
  );
}

function Lines({ bucket, prefix, listing, chosen, setChosen, go, canDelete }: LinesProps) {
  const api = useApi();
  const lines = listing.lines ?? [];
  const columns = useMemo<Column<Line>[]>(
    () => [
      {
        key: 'name',
        title: 'Name',
        show: (line) => (
          <button
            type="button"
            className="object-name"
            onClick={() => go(line.is === 'folder' ? { prefix: line.key } : { object: line.key })}
          >
            <Icon name={line.is === 'folder' ? 'folder' : 'file'} />
            <span className="cut">{line.key.slice(prefix.length)}</span>
          </button>
        ),
      },
      {
        key: 'size',
        title: 'Size',
        right: true,
        width: '120px',
        show: (line) => (line.is === 'object' ? <Amount value={line.object.size} unit="byte" /> : <span className="faint">–</span>),
      },
      {
        key: 'changed',
        title: 'Changed',
        spare: 1,
        width: '130px',
        show: (line) => (line.is === 'object' ? <When at={line.object.lastModified} /> : ''),
      },
      {
        key: 'actions',
        title: '',
        right: true,
        width: '60px',
        show: (line) =>
          line.is === 'object' ? (
            <Button
              size="small"
              look="quiet"
              icon="download"
              label={`Download ${line.key}`}
              onClick={() =>
                download({
                  title: line.key.split('/').at(-1) || line.key,
                  place: bucket,
                  sizeBytes: line.object.size,
                  sending: api.sending('storage', 'GetObject', bucket, { key: line.key }),
                })
              }
            />
          ) : (
            ''
          ),
      },
    ],
    [api, bucket, prefix, go],
  );
  const objects = lines.filter((line) => line.is === 'object');
  const choose = (keys: readonly string[], on: boolean) =>
    setChosen(new Set(on ? [...chosen, ...keys] : [...chosen].filter((key) => !keys.includes(key))));
  const size = objects.reduce((sum, line) => sum + (line.is === 'object' ? line.object.size : 0), 0);
  return (
    <>
      <Table
        label={`Objects of ${bucket}`}
        columns={columns}
        rows={lines}
        rowKey={(line) => line.key}
        onEnd={listing.loadMore}
        onOpen={(line) => go(line.is === 'folder' ? { prefix: line.key } : { object: line.key })}
        chosen={canDelete ? chosen : undefined}
        onChoose={canDelete ? choose : undefined}
      />
      <div className="table-end">
        <span>
          {exactCount(objects.length)} {objects.length === 1 ? 'object' : 'objects'} here{listing.more ? ' so far' : ''},{' '}
          <Amount value={size} unit="byte" />
        </span>
        {listing.more && (
          <Button size="small" onClick={listing.loadMore}>
            Load more
          </Button>
        )}
      </div>
    </>
  );
}

function Steps({ bucket, prefix, onGo }: { bucket: string; prefix: string; onGo: (prefix: string) => void }) {
  const steps = stepsOf(prefix);
  return (
    <nav className="steps" aria-label="Prefix">
      <button type="button" className="cell-button" onClick={() => onGo('')}>
        {bucket}
      </button>
      {steps.map((step) => (
        <span key={step.prefix} className="row">
          <span className="faint">/</span>
          <button type="button" className="cell-button" onClick={() => onGo(step.prefix)}>
            {step.text}
          </button>
        </span>
      ))}
    </nav>
  );
}
