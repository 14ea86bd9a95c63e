import { useState } from 'react';
import { useApi, useMay } from '../api/call.ts';
import type { Kind } from '../api/contract.ts';
import { Problem } from '../api/problem.ts';
import { plural } from '../format/quantity.ts';
import { deletesAtOnceMax } from '../limits.ts';
import { Button } from '../part/button.tsx';
import { DangerDialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';

/** Deletes the chosen rows, a few at a time; the first refusal is told and the rest stays. */
export function BulkDelete({ kind, names, onDone }: { kind: Kind; names: readonly string[]; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  const api = useApi();
  const may = useMay(kind.contract.name);
  const { remove } = kind;
  if (!remove) return null;
  const said = `${names.length} ${plural(names.length, kind.name.toLowerCase())}`;
  const act = async () => {
    const refused: { name: string; why: unknown }[] = [];
    for (let at = 0; at < names.length; at += deletesAtOnceMax) {
      await Promise.all(
        names
          .slice(at, at + deletesAtOnceMax)
          .map((name) => api.call(kind.contract.name, remove.name, name, {}).catch((why) => refused.push({ name, why }))),
      );
    }
    const [first] = refused;
    if (first) {
      const why = first.why instanceof Problem ? first.why : undefined;
      throw new Problem({
        code: why?.code ?? 'Refused',
        status: why?.status ?? 0,
        title: `${refused.length} of ${names.length} were not deleted.`,
        detail: `${first.name}: ${why?.detail ?? why?.title ?? 'refused'}`,
        requestId: why?.requestId,
      });
    }
    notice(`${said} deleted.`);
    onDone();
  };
  return (
    <>
      <Button size="small" look="danger" icon="trash" disabled={!may(remove.name)} onClick={() => setAsking(true)}>
        Delete {said}
      </Button>
      {asking && (
        <DangerDialog title={`Delete ${said}`} verb="Delete" name={said} act={act} onClose={() => setAsking(false)}>
          <p>
            This cannot be taken back. You are about to delete {names.slice(0, 8).join(', ')}
            {names.length > 8 ? ` and ${names.length - 8} more` : ''}.
          </p>
        </DangerDialog>
      )}
    </>
  );
}
