import { useMemo, useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { pollEveryMs } from '#console/limits.ts';
import { Button } from '#console/part/button.tsx';
import { Id } from '#console/part/copy.tsx';
import { DangerDialog } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Empty, Refusal, Waiting } from '#console/part/state.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { When } from '#console/part/when.tsx';
import type { ThingProps } from '#console/service-page.ts';

type Upload = { readonly key: string; readonly uploadId: string; readonly initiated: number };

/** Uploads in parts that were begun and neither completed nor given up; their parts take space. */
export function Uploads({ name }: ThingProps) {
  const reading = useOperation<{ items: readonly Upload[]; truncated: boolean }>(
    'storage',
    'ListMultipartUploads',
    name,
    {},
    { everyMs: pollEveryMs },
  );
  const [ending, setEnding] = useState<Upload>();
  const may = useMay('storage');
  const columns = useMemo<Column<Upload>[]>(
    () => [
      {
        key: 'key',
        title: 'Key',
        show: (upload) => (
          <span className="cell-long cut" title={upload.key}>
            {upload.key}
          </span>
        ),
      },
      { key: 'id', title: 'Upload', spare: 1, show: (upload) => <Id id={upload.uploadId} /> },
      { key: 'begun', title: 'Begun', show: (upload) => <When at={upload.initiated} /> },
      {
        key: 'actions',
        title: '',
        right: true,
        show: (upload) =>
          may('AbortMultipartUpload') ? (
            <Button size="small" look="danger" onClick={() => setEnding(upload)}>
              Give up
            </Button>
          ) : (
            ''
          ),
      },
    ],
    [may],
  );
  return (
    <Section flush>
      {reading.problem && (
        <div className="section-body">
          <Refusal problem={reading.problem} again={reading.again} />
        </div>
      )}
      {!reading.value && !reading.problem && <Waiting rows={3} />}
      {reading.value?.items.length === 0 && (
        <Empty icon="upload" title="No unfinished uploads">
          Clients send large objects in parts. One that breaks off leaves its parts here until it goes on or is given up.
        </Empty>
      )}
      {reading.value && reading.value.items.length > 0 && (
        <Table label="Unfinished uploads" columns={columns} rows={reading.value.items} rowKey={(upload) => upload.uploadId} />
      )}
      {ending && <GiveUp bucket={name} upload={ending} onDone={reading.again} onClose={() => setEnding(undefined)} />}
    </Section>
  );
}

function GiveUp({ bucket, upload, onDone, onClose }: { bucket: string; upload: Upload; onDone: () => void; onClose: () => void }) {
  const api = useApi();
  const act = async () => {
    await api.call('storage', 'AbortMultipartUpload', bucket, { key: upload.key, uploadId: upload.uploadId });
    notice('The upload is given up and its parts are freed.');
    onDone();
  };
  return (
    <DangerDialog title="Give up an upload" verb="Give up" name={upload.key} act={act} onClose={onClose}>
      <p>The parts that were sent are deleted; a client that still sends is refused.</p>
    </DangerDialog>
  );
}
