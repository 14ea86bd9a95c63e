import { useState } from 'react';
import { useApi } from '#console/api/call.ts';
import { Problem } from '#console/api/problem.ts';
import { Button } from '#console/part/button.tsx';
import { DangerDialog } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { useVersioning } from './object.ts';

type Deleted = { readonly deleted: readonly { key: string }[]; readonly failed: readonly { key: string; code: string; text: string }[] };
const keysAtOnce = 1000;

/** Deletes the chosen objects; one asks for its key, many for their number. */
export function ObjectDelete({ bucket, keys, onDone }: { bucket: string; keys: readonly string[]; onDone: () => void }) {
  const api = useApi();
  const [asking, setAsking] = useState(false);
  const { status } = useVersioning(bucket);
  const said = keys.length === 1 ? (keys[0] ?? '') : `${keys.length} objects`;
  const act = async () => {
    for (let at = 0; at < keys.length; at += keysAtOnce) {
      const reply = await api.call<Deleted>('storage', 'DeleteObjects', bucket, {
        objects: keys.slice(at, at + keysAtOnce).map((key) => ({ key })),
      });
      const [first] = reply.failed;
      if (first)
        throw new Problem({
          code: first.code,
          status: 0,
          title: `${reply.failed.length} were not deleted.`,
          detail: `${first.key}: ${first.text}`,
        });
    }
    notice(`${said} deleted.`);
    onDone();
  };
  return (
    <>
      <Button size="small" look="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete {keys.length === 1 ? 'object' : said}
      </Button>
      {asking && (
        <DangerDialog
          title={keys.length === 1 ? 'Delete an object' : `Delete ${said}`}
          verb="Delete"
          name={said}
          act={act}
          onClose={() => setAsking(false)}
        >
          <p>
            {status === 'Enabled'
              ? 'The versions stay, and can be had back under Versions.'
              : 'The bytes are gone afterwards; this bucket keeps no versions.'}
          </p>
        </DangerDialog>
      )}
    </>
  );
}
