import { Textarea } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useApi, useMay, useOperation } from '#console/api/call.ts';
import { Button } from '#console/part/button.tsx';
import { useChange } from '#console/part/dialog.tsx';
import { notice } from '#console/part/notice.tsx';
import { Section } from '#console/part/page.tsx';
import { Refusal, Waiting } from '#console/part/state.tsx';
import { Status, Tag } from '#console/part/status.tsx';
import type { ThingProps } from '#console/service-page.ts';
import { differences } from './difference.ts';

type Version = { readonly version: number; readonly id: number; readonly schemaType: string; readonly schema: string };
type Told = { readonly compatible: boolean; readonly messages: readonly string[] };

/** JSON in lines, so that versions can be compared; Protobuf has lines of its own. */
function lined(schema: string): string {
  try {
    return JSON.stringify(JSON.parse(schema), null, 2);
  } catch {
    return schema;
  }
}

const versionsOf = (thing: ThingProps['thing']): readonly number[] =>
  ((thing.status?.versions ?? []) as readonly { version: number }[]).map(({ version }) => version);

/** The versions of a subject: what each changed, and whether another schema may follow. */
export function SubjectVersions({ name, thing }: ThingProps) {
  const versions = versionsOf(thing);
  const [chosen, choose] = useState<number>();
  const shown = chosen ?? versions.at(-1) ?? 1;
  const before = versions[versions.indexOf(shown) - 1];
  const now = useOperation<Version>('log', 'GetSubjectVersion', name, { version: String(shown) });
  const last = useOperation<Version>('log', before === undefined ? undefined : 'GetSubjectVersion', name, { version: String(before ?? 0) });
  const lines = useMemo(
    () => (now.value ? differences(before === undefined || !last.value ? '' : lined(last.value.schema), lined(now.value.schema)) : []),
    [now.value, last.value, before],
  );
  return (
    <div className="stack">
      <Section
        title={`Version ${shown}`}
        text={before === undefined ? 'The first one.' : `Against version ${before}.`}
        actions={now.value && <Tag>{`${now.value.schemaType} ${now.value.id}`}</Tag>}
      >
        <div className="row" role="group" aria-label="Versions">
          {versions.map((version) => (
            <Button
              key={version}
              size="small"
              look={version === shown ? 'main' : 'plain'}
              aria-pressed={version === shown}
              onClick={() => choose(version)}
            >
              {version}
            </Button>
          ))}
        </div>
        {now.problem && <Refusal problem={now.problem} again={now.again} />}
        {!now.value && !now.problem && <Waiting rows={4} />}
        <pre className="schema-lines" tabIndex={0} role="group" aria-label={`Schema of version ${shown}`}>
          {lines.map(({ kind, text }, at) => (
            <span key={at} className={`schema-${before === undefined ? 'same' : kind}`}>
              {`${before === undefined || kind === 'same' ? ' ' : kind === 'new' ? '+' : '−'} ${text}\n`}
            </span>
          ))}
        </pre>
      </Section>
      {now.value && <Check name={name} type={now.value.schemaType} start={lined(now.value.schema)} />}
    </div>
  );
}

/** Whether a schema may be the next version, before it is made so. */
function Check({ name, type, start }: { name: string; type: string; start: string }) {
  const api = useApi();
  const may = useMay('log');
  const [schema, setSchema] = useState(start);
  const [told, setTold] = useState<Told>();
  const change = useChange();
  const input = { schema, schemaType: type };
  const check = () => void change.run(async () => setTold(await api.call<Told>('log', 'CheckCompatibility', name, input)));
  const register = () =>
    void change.run(async () => {
      const { version } = await api.call<Version>('log', 'RegisterSchema', name, input);
      notice(`The subject has version ${version}.`);
      setTold(undefined);
    });
  return (
    <Section title="The next version" text="Checked against the versions that the subject's compatibility asks for.">
      <div className="stack">
        <Textarea
          label="Schema"
          autosize
          minRows={6}
          maxRows={18}
          classNames={{ input: 'schema-field' }}
          value={schema}
          onChange={(event) => {
            setSchema(event.currentTarget.value);
            setTold(undefined);
          }}
        />
        {change.problem && <Refusal problem={change.problem} compact />}
        {told && <Status tone={told.compatible ? 'ok' : 'bad'}>{told.compatible ? 'compatible' : 'not compatible'}</Status>}
        {told && told.messages.length > 0 && (
          <ul>
            {told.messages.map((message) => (
              <li key={message}>{message}</li>
            ))}
          </ul>
        )}
        <div className="row dialog-end">
          <Button onClick={check} busy={change.busy}>
            Check
          </Button>
          {may('RegisterSchema') && (
            <Button look="main" onClick={register} busy={change.busy} disabled={told?.compatible !== true}>
              Register
            </Button>
          )}
        </div>
      </div>
    </Section>
  );
}
