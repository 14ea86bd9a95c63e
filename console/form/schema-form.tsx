import { useMemo, useState } from 'react';
import type { TSchema } from 'typebox';
import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import type { Problem } from '../api/problem.ts';
import { Button } from '../part/button.tsx';
import { useChange } from '../part/dialog.tsx';
import { Icon } from '../part/icon.tsx';
import { Refusal } from '../part/state.tsx';
import { failures, fieldFailure } from './check.ts';
import { type Draft, pointerOf, valueAt, withValue } from './draft.ts';
import { Field } from './field.tsx';
import { type GroupPlan, planOf } from './plan.ts';
import './form.css';

type Props = {
  schema: TSchema;
  start?: Draft;
  /** Fields that the caller fills in itself, by their path: `spec/project`. */
  omit?: readonly string[];
  verb: string;
  onSubmit: (input: Draft) => Promise<void>;
  onCancel?: () => void;
  look?: 'main' | 'danger';
};

/** A form derived from an operation's input: grouped, explained, and checked as it is typed by the platform's own check. */
export function SchemaForm({ schema, start = {}, omit, verb, onSubmit, onCancel, look = 'main' }: Props) {
  const plain = schema as PlainSchema;
  const groups = useMemo(() => planOf(plain, omit), [plain, omit]);
  const [draft, setDraft] = useState<Draft>(start);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [tried, setTried] = useState(false);
  const change = useChange();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (failures(plain, groups, draft).size === 0) void change.run(() => onSubmit(draft));
  };
  const wrong = tried ? failures(plain, groups, draft) : undefined;
  const isNowhere = (pointer: string) => !groups.some((group) => group.fields.some((field) => pointerOf(field.path) === pointer));
  const unseen = [...(wrong ?? [])].filter(([pointer]) => isNowhere(pointer));
  return (
    <form onSubmit={submit} className="form" noValidate>
      {groups.map((group, index) => (
        <Group key={group.title} group={group} open={wrong !== undefined && group.fields.some((field) => wrong.has(pointerOf(field.path)))}>
          {group.fields.map((field, at) => {
            const pointer = pointerOf(field.path);
            const value = valueAt(draft, field.path);
            const typed = left.has(pointer) || (value !== undefined && field.control.is !== 'email');
            return (
              <Field
                key={pointer}
                field={field}
                value={value}
                focus={index === 0 && at === 0}
                error={toldBy(change.problem, pointer) ?? (tried || typed ? fieldFailure(field, draft) : undefined)}
                onLeave={() => value !== undefined && setLeft(new Set(left).add(pointer))}
                onChange={(next) => setDraft((now) => withValue(now, field.path, next))}
              />
            );
          })}
        </Group>
      ))}
      {unseen.map(([pointer, said]) => (
        <p key={pointer} className="mantine-InputWrapper-error">
          {said}
        </p>
      ))}
      {change.problem && <Refusal problem={change.problem} compact />}
      <div className="row dialog-end">
        {onCancel && <Button onClick={onCancel}>Cancel</Button>}
        <Button type="submit" look={look} busy={change.busy}>
          {verb}
        </Button>
      </div>
    </form>
  );
}

/** The platform's own word on one field. */
function toldBy(problem: Problem | undefined, pointer: string): string | undefined {
  return problem?.path === pointer ? (problem.detail ?? problem.title) : undefined;
}

function Group({ group, open, children }: { group: GroupPlan; open: boolean; children: React.ReactNode }) {
  if (group.title === '') return <div className="form-group">{children}</div>;
  return (
    <details className="form-group form-fold" open={!group.folded || open}>
      <summary>
        <Icon name="right" size={14} />
        <span>{group.title}</span>
        {group.text && <span className="dim form-fold-text">{group.text}</span>}
      </summary>
      <div className="form-group">{children}</div>
    </details>
  );
}
