import { TextInput } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import type { Operation } from '#kernel/contract/contract.ts';
import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import { useApi, useContract } from '../api/call.ts';
import { type Kind, kindOf, type Named } from '../api/contract.ts';
import { type Place, useMaybePlace } from '../api/place.ts';
import { Problem } from '../api/problem.ts';
import { sentenceOf } from '../format/word.ts';
import type { Draft } from '../form/draft.ts';
import { SchemaForm } from '../form/schema-form.tsx';
import { CodeBlock } from '../part/code.tsx';
import { DangerDialog, Dialog } from '../part/dialog.tsx';
import { notice } from '../part/notice.tsx';
import { Refusal } from '../part/state.tsx';
import { afterwards } from './after.ts';
import { type Asked, useAsked, useUnask } from './ask.ts';
import { BodyField } from './body-field.tsx';
import { isEnding } from './ending.ts';
import { asFaces } from './faces.ts';
import { FacesPanel } from './faces-panel.tsx';

/** Shows the operation that the address asks for, above whatever page is there. */
export function AskedOperation() {
  const asked = useAsked();
  const contract = useContract(asked?.service ?? '');
  const close = useUnask();
  if (!asked || !contract) return null;
  const definition = Object.hasOwn(contract.operations, asked.operation) ? contract.operations[asked.operation] : undefined;
  const kind = definition && kindOf(contract, definition.on);
  const named =
    kind && [kind.create, kind.get, kind.list, kind.update, kind.remove, ...kind.others].find((each) => each?.name === asked.operation);
  if (!kind || !named) {
    return (
      <Dialog title="No such operation" onClose={close}>
        <Refusal
          problem={
            new Problem({
              code: 'NoSuchOperation',
              status: 404,
              title: `${asked.service} has no operation ${asked.operation} for the console.`,
            })
          }
        />
      </Dialog>
    );
  }
  const shared = { kind, named, asked, close };
  return isEnding(kind, named) && asked.name !== undefined ? (
    <Ending key={asked.operation} {...shared} />
  ) : (
    <Running key={`${asked.operation} ${asked.name}`} {...shared} />
  );
}

type Shared = { kind: Kind; named: Named; asked: Asked; close: () => void };

function Ending({ kind, named, asked, close }: Shared) {
  const api = useApi();
  const go = useNavigate();
  const place = useMaybePlace();
  const name = asked.name ?? '';
  const act = async () => {
    await api.call(kind.contract.name, named.name, name, {});
    notice(`${name} is gone.`);
  };
  const done = async () => {
    if (!(await afterwards({ kind, named, name, place, go }))) close();
  };
  return (
    <DangerDialog title={sentenceOf(named.name)} verb={sentenceOf(named.name)} name={name} act={act} onDone={done} onClose={close}>
      <p>{named.operation.text} This cannot be taken back.</p>
    </DangerDialog>
  );
}

function Running({ kind, named, asked, close }: Shared) {
  const api = useApi();
  const go = useNavigate();
  const place = useMaybePlace();
  const [name, setName] = useState(asked.name ?? '');
  const [file, setFile] = useState<File>();
  const [output, setOutput] = useState<unknown>();
  const [key] = useState(() => crypto.randomUUID());
  const { operation } = named;
  const start = useMemo(() => defaultsOf(operation, place), [operation, place]);
  const needsName = (operation.at ?? 'item') === 'item';
  const run = async (input: Draft) => {
    if (needsName && name === '') throw new Problem({ code: 'BadInput', status: 400, title: `Name the ${kind.name.toLowerCase()} first.` });
    const more = { ...(operation.repeat === 'keyed' ? { key } : {}), ...(file ? { body: file } : {}) };
    const reply = await api.call<unknown>(kind.contract.name, named.name, needsName ? name : '', input, more);
    if (shouldShow(operation, reply)) return setOutput(reply);
    notice(`${sentenceOf(named.name)}: done.`);
    if (!(await afterwards({ kind, named, name: nameIn(reply) ?? name, place, go }))) close();
  };
  const faces = asFaces(output);
  const title = sentenceOf(named.name);
  if (faces)
    return (
      <Dialog title="Keep these secrets now" onClose={close} wide>
        <FacesPanel faces={faces} onDone={close} />
      </Dialog>
    );
  return (
    <Dialog title={title} onClose={close} wide>
      <div className="stack">
        <p className="dim">{operation.text}</p>
        {needsName && asked.name === undefined && (
          <TextInput
            label={kind.name}
            description={`Name of the ${kind.name.toLowerCase()}.`}
            withAsterisk
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
            spellCheck={false}
          />
        )}
        {(operation.body === 'in' || operation.body === 'both') && <BodyField file={file} onFile={setFile} />}
        <SchemaForm
          schema={operation.input}
          start={start}
          verb={operation.effect === 'read' ? 'Read' : title}
          onSubmit={run}
          onCancel={close}
        />
        {output !== undefined && <CodeBlock label="Answer" text={JSON.stringify(output, null, 2)} />}
      </div>
    </Dialog>
  );
}

/** What can be known before anything is typed: the contract's defaults for choices, and the project we stand in. */
function defaultsOf(operation: Operation, place: Place | undefined): Draft {
  const properties = (operation.input as PlainSchema).properties ?? {};
  const chosen = Object.entries(properties).flatMap(([field, schema]) =>
    schema.anyOf && schema.default !== undefined ? [[field, schema.default]] : [],
  );
  return {
    ...Object.fromEntries(chosen),
    ...(place && operation.at === 'new' && Object.hasOwn(properties, 'project') ? { project: place.project.id } : {}),
  };
}

function shouldShow(operation: Operation, reply: unknown): boolean {
  return operation.effect === 'read' || asFaces(reply) !== undefined;
}

function nameIn(reply: unknown): string | undefined {
  const { name } = (reply ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
