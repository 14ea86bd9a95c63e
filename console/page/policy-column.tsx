import type { PolicyThing } from '../api/policy.ts';
import { Status, Tag } from '../part/status.tsx';
import type { Column } from '../part/table.tsx';
import { When } from '../part/when.tsx';

/** Columns of policies and guard-rails; `name` shows the first cell. */
export function policyColumns(name: (row: PolicyThing) => React.ReactNode): Column<PolicyThing>[] {
  return [
    { key: 'name', title: 'Name', show: name },
    { key: 'effect', title: 'Effect', show: ({ spec }) => <Effect text={spec.text} stepUp={spec.stepUp} /> },
    {
      key: 'text',
      title: 'Text',
      spare: 1,
      show: ({ spec }) => (
        <span className="cell-long cut mono dim" title={spec.text}>
          {spec.text.replace(/\s+/g, ' ')}
        </span>
      ),
    },
    { key: 'created', title: 'Written', spare: 2, show: (row) => <When at={row.createdAt} /> },
  ];
}

function Effect({ text, stepUp }: { text: string; stepUp: boolean }) {
  // Annotations and comments come first; the word after them is the effect.
  const isPermit = /(^|\n|\))\s*permit\s*\(/.test(text);
  return (
    <span className="row">
      <Status tone={isPermit ? 'ok' : 'bad'}>{isPermit ? 'permits' : 'forbids'}</Status>
      {stepUp && <Tag>asks for a second factor</Tag>}
    </span>
  );
}
