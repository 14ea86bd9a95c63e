import { useRef, useState } from 'react';
import { auditPages } from '../api/audit-page.ts';
import { useApi } from '../api/call.ts';
import { usePlace } from '../api/place.ts';
import { save } from '../api/transfer.ts';
import { exactCount } from '../format/quantity.ts';
import { exportedRecordsMax } from '../limits.ts';
import { Button } from '../part/button.tsx';
import { CodeBlock } from '../part/code.tsx';
import { Dialog, useChange } from '../part/dialog.tsx';
import { Refusal } from '../part/state.tsx';

/** Takes the audit log away as OCSF events, one a line, oldest first. */
export function AuditExport({ onClose }: { onClose: () => void }) {
  const api = useApi();
  const { organization } = usePlace();
  const [done, setDone] = useState<{ count: number; after: number; more: boolean }>({ count: 0, after: 0, more: true });
  const stop = useRef(new AbortController());
  const change = useChange();
  const run = () =>
    change.run(async () => {
      const lines: string[] = [];
      let last = done.after;
      for await (const page of auditPages(api, done.after, stop.current.signal)) {
        for (const each of page.items) lines.push(JSON.stringify(each));
        last = page.items.at(-1)?.sequence ?? last;
        setDone({ count: done.count + lines.length, after: last, more: page.next !== undefined });
        if (lines.length >= exportedRecordsMax) break;
      }
      save(new Blob([lines.join('\n'), '\n'], { type: 'application/x-ndjson' }), `audit-${organization.name}-${last}.ndjson`);
    });
  const close = () => {
    stop.current.abort();
    onClose();
  };
  return (
    <Dialog title="Export the audit log" onClose={close} wide>
      <div className="stack">
        <p className="dim">
          OCSF API Activity events, one a line, oldest first; {exactCount(exportedRecordsMax)} at most in one file. A record whose key is
          gone is null, one whose subject was erased lacks the subject. For a SIEM that keeps up with the log, use the commands.
        </p>
        <CodeBlock
          label="commands"
          text={[
            'gamut audit export > audit.ndjson',
            `curl -H "Authorization: Bearer $GAMUT_TOKEN" ${location.origin}${address(api)}`,
          ].join('\n')}
        />
        {done.count > 0 && <p role="status">{exactCount(done.count)} records exported</p>}
        {change.problem && <Refusal problem={change.problem} compact />}
        <div className="row dialog-end">
          <Button onClick={close}>Close</Button>
          <Button look="main" icon="download" busy={change.busy} disabled={!done.more} onClick={() => void run()}>
            {done.count === 0 ? 'Download' : 'Download the next part'}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

const address = (api: ReturnType<typeof useApi>) => api.sending('platform', 'ExportAudit', '').path;
