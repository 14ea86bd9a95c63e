import { useMemo, useState } from 'react';
import { useApi, useMay } from '#console/api/call.ts';
import { exactCount, plural } from '#console/format/quantity.ts';
import { Button } from '#console/part/button.tsx';
import { ConfirmDialog } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { useVersioning, useVersions } from './object.ts';
import { type VersionRow, VersionTable } from './version-table.tsx';

/** Every version below a prefix, delete markers too. */
export function VersionList({ bucket, prefix, onFolder }: { bucket: string; prefix: string; onFolder: (prefix: string) => void }) {
  const versioning = useVersioning(bucket);
  const listing = useVersions(bucket, prefix);
  const { folders, versions, problem, again, more, loadMore } = listing;
  const rows = useMemo<readonly VersionRow[] | undefined>(
    () =>
      folders && versions
        ? [
            ...folders.map((key) => ({ is: 'folder' as const, key })),
            ...versions.map((of) => ({ is: 'version' as const, key: of.key, of })),
          ]
        : undefined,
    [folders, versions],
  );
  if (problem)
    return (
      <div className="section-body">
        <Refusal problem={problem} again={again} />
      </div>
    );
  if (!rows || !versioning.status) return <Waiting />;
  if (versioning.status === 'never') return <Never bucket={bucket} onDone={versioning.again} />;
  if (rows.length === 0)
    return (
      <Empty icon="file" title="No versions here">
        From now on what is overwritten or deleted below this prefix is kept.
      </Empty>
    );
  return (
    <>
      <VersionTable
        bucket={bucket}
        label={`Versions in ${bucket}`}
        rows={rows}
        prefix={prefix}
        onChanged={again}
        onFolder={onFolder}
        onEnd={loadMore}
      />
      <div className="table-end">
        <span>
          {exactCount(rows.length)} {plural(rows.length, 'line')}
          {more ? ' so far' : ''}
          {versioning.status === 'Suspended' && '; new versions are not kept at present'}
        </span>
        {more && (
          <Button size="small" onClick={loadMore}>
            Load more
          </Button>
        )}
      </div>
    </>
  );
}

/** A bucket that never kept versions. */
function Never({ bucket, onDone }: { bucket: string; onDone: () => void }) {
  const api = useApi();
  const may = useMay('storage');
  const [asking, setAsking] = useState(false);
  const act = async () => {
    await api.call('storage', 'PutBucketVersioning', bucket, { status: 'Enabled' });
    notice('The bucket keeps versions from now on.');
    onDone();
  };
  return (
    <>
      <Empty
        icon="file"
        title="This bucket keeps no versions"
        action={
          may('PutBucketVersioning') && (
            <Button look="main" onClick={() => setAsking(true)}>
              Keep versions
            </Button>
          )
        }
      >
        With versions what is overwritten or deleted can be had back. They take space until they are deleted, or a lifecycle does so.
      </Empty>
      {asking && (
        <ConfirmDialog title="Keep versions" verb="Keep versions" act={act} onClose={() => setAsking(false)}>
          <p>Once a bucket has kept versions it can stop keeping new ones, but what there is stays.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** The versions of one key, where there are others than the live one. */
export function VersionsOf({ bucket, objectKey, onChanged }: { bucket: string; objectKey: string; onChanged: () => void }) {
  const { versions, again } = useVersions(bucket, '', objectKey);
  if (!versions || versions.length < 2) return null;
  return (
    <div className="stack tight">
      <h3>Versions</h3>
      <div className="framed">
        <VersionTable
          bucket={bucket}
          label={`Versions of ${objectKey}`}
          rows={versions.map((of) => ({ is: 'version', key: of.key, of }))}
          prefix={objectKey.slice(0, objectKey.lastIndexOf('/') + 1)}
          onChanged={() => {
            again();
            onChanged();
          }}
        />
      </div>
    </div>
  );
}
