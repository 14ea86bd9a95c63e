import { useNavigate } from 'react-router';
import { useApi } from '../api/call.ts';
import type { Kind } from '../api/contract.ts';
import type { Thing } from '../api/pages.ts';
import { useLink } from '../api/place.ts';
import type { Draft } from '../form/draft.ts';
import { SchemaForm } from '../form/schema-form.tsx';
import { notice } from '../part/notice.tsx';
import { Section } from '../part/page.tsx';
import { fieldsOf } from './kind-column.tsx';

/** Changes a thing; somebody else's change in between is refused, not overwritten. */
export function EditThing({ kind, thing, onDone }: { kind: Kind; thing: Thing; onDone: () => void }) {
  const api = useApi();
  const go = useNavigate();
  const link = useLink();
  if (!kind.update) return null;
  const {
    name: operation,
    operation: { input },
  } = kind.update;
  const fields = fieldsOf(input);
  const back = link(kind.contract.name, kind.plural, thing.name);
  const whole: Draft = { ...thing.spec, spec: thing.spec, labels: Object.keys(thing.labels).length > 0 ? thing.labels : undefined };
  const start = Object.fromEntries(Object.keys(fields).flatMap((field) => (whole[field] === undefined ? [] : [[field, whole[field]]])));
  const save = async (draft: Draft) => {
    await api.call(
      kind.contract.name,
      operation,
      thing.name,
      Object.hasOwn(fields, 'ifVersion') ? { ...draft, ifVersion: thing.version } : draft,
    );
    notice(`${thing.name} is changed.`);
    onDone();
    await go(back);
  };
  return (
    <Section>
      <div className="page-narrow">
        <SchemaForm schema={input} start={start} verb="Save" onSubmit={save} onCancel={() => void go(back)} />
      </div>
    </Section>
  );
}
