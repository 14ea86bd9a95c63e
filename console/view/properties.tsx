import type { Kind } from '../api/contract.ts';
import type { Thing } from '../api/pages.ts';
import { titleOf } from '../format/word.ts';
import { Id } from '../part/copy.tsx';
import { Facts } from '../part/page.tsx';
import { When } from '../part/when.tsx';
import { fieldsOf } from './kind-column.tsx';
import { Value } from './value.tsx';

/** Everything that is known of a thing: its state, what was wished, its envelope. */
export function Properties({ kind, thing }: { kind: Kind; thing: Thing }) {
  const state = rowsOf(kind.resource.status, thing.status);
  const spec = rowsOf(kind.resource.spec, thing.spec);
  return (
    <div className="properties">
      {state.length > 0 && (
        <>
          <h2>State</h2>
          <Facts facts={state} />
        </>
      )}
      {spec.length > 0 && (
        <>
          <h2>Settings</h2>
          <Facts facts={spec} />
        </>
      )}
      <h2>Identity</h2>
      <Facts
        facts={[
          ['Unique id', <Id key="uid" id={thing.uid} />],
          ['Created', <When key="at" at={thing.createdAt} />],
          ['Version', <Id key="version" id={thing.version} />],
          ['Generation', String(thing.generation)],
          ['Labels', <Value key="labels" name="labels" schema={undefined} value={thing.labels} />],
        ]}
      />
    </div>
  );
}

function rowsOf(schema: unknown, values: Record<string, unknown> | undefined) {
  const fields = fieldsOf(schema);
  const names = [...new Set([...Object.keys(fields), ...Object.keys(values ?? {})])];
  return names.map(
    (name) =>
      [fields[name]?.title ?? titleOf(name), <Value key={name} name={name} schema={fields[name]} value={values?.[name]} />] as const,
  );
}
