import { useMemo, useState } from 'react';
import { useApi, useMay } from '#console/api/call.ts';
import { download } from '#console/api/transfer.ts';
import { Amount } from '#console/part/amount.tsx';
import { Button } from '#console/part/button.tsx';
import { Id } from '#console/part/copy.tsx';
import { ConfirmDialog, DangerDialog } from '#console/part/dialog.tsx';
import { Icon } from '#console/part/icon.tsx';
import { notice } from '#console/part/notice.tsx';
import { Tag } from '#console/part/status.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { Version } from './object.ts';

export type VersionRow =
  | { readonly is: 'folder'; readonly key: string }
  | { readonly is: 'version'; readonly key: string; readonly of: Version };
type Asked = { readonly act: 'restore' | 'undo' | 'delete'; readonly of: Version };
type Props = {
  bucket: string;
  label: string;
  rows: readonly VersionRow[];
  /** What is cut off of keys. */
  prefix: string;
  onChanged: () => void;
  onFolder?: (prefix: string) => void;
  onEnd?: () => void;
};

/** Versions and delete markers: each can be fetched, made the live one again, or deleted for ever. */
export function VersionTable({ bucket, label, rows, prefix, onChanged, onFolder, onEnd }: Props) {
  const api = useApi();
  const may = useMay('storage');
  const [asked, setAsked] = useState<Asked>();
  const columns = useMemo<Column<VersionRow>[]>(
    () => [
      {
        key: 'name',
        title: 'Name',
        show: (row) =>
          row.is === 'folder' ? (
            <button type="button" className="object-name" onClick={() => onFolder?.(row.key)}>
              <Icon name="folder" />
              <span className="cut">{row.key.slice(prefix.length)}</span>
            </button>
          ) : (
            <span className={`object-name${row.of.latest ? '' : ' object-older'}`}>
              <Icon name={row.of.deleteMarker ? 'trash' : 'file'} />
              <span className="cut" title={row.key}>
                {row.key.slice(prefix.length) || row.key}
              </span>
              {row.of.deleteMarker ? <Tag tone="bad">deleted</Tag> : row.of.latest && <Tag tone="ok">live</Tag>}
            </span>
          ),
      },
      {
        key: 'version',
        title: 'Version',
        spare: 1,
        width: '150px',
        show: (row) => (row.is === 'version' ? <Id id={row.of.versionId} /> : ''),
      },
      {
        key: 'size',
        title: 'Size',
        right: true,
        spare: 1,
        width: '100px',
        show: (row) =>
          row.is === 'version' && !row.of.deleteMarker ? <Amount value={row.of.size} unit="byte" /> : <span className="faint">–</span>,
      },
      {
        key: 'changed',
        title: 'Changed',
        spare: 2,
        width: '120px',
        show: (row) => (row.is === 'version' ? <When at={row.of.lastModified} /> : ''),
      },
      {
        key: 'actions',
        title: '',
        right: true,
        width: '190px',
        show: (row) => row.is === 'version' && <Actions of={row.of} bucket={bucket} api={api} may={may} ask={setAsked} />,
      },
    ],
    [api, bucket, prefix, may, onFolder],
  );
  return (
    <>
      <Table
        label={label}
        columns={columns}
        rows={rows}
        rowKey={(row) => (row.is === 'folder' ? row.key : `${row.key} ${row.of.versionId}`)}
        onEnd={onEnd}
      />
      {asked && <Asking bucket={bucket} asked={asked} onDone={onChanged} onClose={() => setAsked(undefined)} />}
    </>
  );
}

type ActionProps = {
  of: Version;
  bucket: string;
  api: ReturnType<typeof useApi>;
  may: (operation: string) => boolean;
  ask: (asked: Asked) => void;
};

function Actions({ of, bucket, api, may, ask }: ActionProps) {
  const { key, versionId, size, deleteMarker, latest } = of;
  const get = () =>
    download({
      title: key.split('/').at(-1) || key,
      place: bucket,
      sizeBytes: size,
      sending: api.sending('storage', 'GetObject', bucket, { key, versionId }),
    });
  return (
    <span className="table-actions">
      {deleteMarker && may('DeleteObject') && (
        <Button size="small" onClick={() => ask({ act: 'undo', of })}>
          Undo
        </Button>
      )}
      {!deleteMarker && !latest && may('CopyObject') && (
        <Button size="small" onClick={() => ask({ act: 'restore', of })}>
          Restore
        </Button>
      )}
      {!deleteMarker && (
        <Button size="small" look="quiet" icon="download" label={`Download version ${versionId} of ${key}`} onClick={get} />
      )}
      {!deleteMarker && may('DeleteObject') && (
        <Button
          size="small"
          look="quiet"
          icon="trash"
          label={`Delete version ${versionId} of ${key}`}
          onClick={() => ask({ act: 'delete', of })}
        />
      )}
    </span>
  );
}

function Asking({ bucket, asked, onDone, onClose }: { bucket: string; asked: Asked; onDone: () => void; onClose: () => void }) {
  const api = useApi();
  const { key, versionId } = asked.of;
  const name = key.split('/').at(-1) || key;
  if (asked.act === 'delete')
    return (
      <DangerDialog
        title="Delete a version"
        verb="Delete for ever"
        name={name}
        onClose={onClose}
        act={async () => {
          await api.call('storage', 'DeleteObject', bucket, { key, versionId });
          notice('The version is gone.');
          onDone();
        }}
      >
        <p>The bytes of this version are gone afterwards; other versions stay.</p>
      </DangerDialog>
    );
  const isUndo = asked.act === 'undo';
  const act = async () => {
    if (isUndo) await api.call('storage', 'DeleteObject', bucket, { key, versionId });
    else await api.call('storage', 'CopyObject', bucket, { key, sourceBucket: bucket, sourceKey: key, sourceVersionId: versionId });
    notice(isUndo ? `${name} is back.` : `${name} is as it was.`);
    onDone();
  };
  return (
    <ConfirmDialog title={isUndo ? 'Undo a deletion' : 'Restore a version'} verb={isUndo ? 'Undo' : 'Restore'} act={act} onClose={onClose}>
      {isUndo ? (
        <p>
          The mark that says <span className="mono">{key}</span> is deleted goes; the version below it is the live one again.
        </p>
      ) : (
        <p>
          This version of <span className="mono">{key}</span> is copied in front of the others and is the live one then. No version is lost.
        </p>
      )}
    </ConfirmDialog>
  );
}
