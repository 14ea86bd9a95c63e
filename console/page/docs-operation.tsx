import { type KernelFault, kernelFaults } from '#kernel/contract/fault.ts';
import type { AnyService } from '#kernel/contract/contract.ts';
import type { PlainSchema } from '#kernel/derive/check-schema.ts';
import type { Named } from '../api/contract.ts';
import { sentenceOf } from '../format/word.ts';
import { CodeBlock } from '../part/code.tsx';
import { type DocsField, docsFields } from './docs-kind.ts';

const recorded = {
  'before-reply': 'Recorded before it is answered.',
  'from-log': 'Recorded from the service’s own log.',
  window: 'Counted by caller, resource and second.',
} as const;
const repeated = {
  natural: 'Repeating it does no harm.',
  keyed: 'Send an Idempotency-Key; a repeat gets the stored reply.',
  refuse: 'A repeat is refused or does it again.',
} as const;

/** One operation: its address, what goes in, what comes out, what can go wrong. */
export function DocsOperation({ contract, named }: { contract: AnyService; named: Named }) {
  const { operation, route, name } = named;
  const input = docsFields(operation.input as PlainSchema);
  const output = docsFields(operation.output as PlainSchema);
  const facts = [
    recorded[operation.audit],
    operation.effect === 'write' ? repeated[operation.repeat] : '',
    operation.charge?.length ? `Metered: ${operation.charge.join(', ')}.` : '',
    bodyWords(operation.body),
  ].filter(Boolean);
  return (
    <section className="docs-operation" id={name} aria-labelledby={`${name}-title`}>
      <h3 id={`${name}-title`}>
        <a href={`#${name}`}>{sentenceOf(name)}</a>
      </h3>
      <p>{operation.text}</p>
      <p className="docs-address">
        <span className={`method method-${route.method.toLowerCase()}`}>{route.method}</span> <code>{route.path}</code>
      </p>
      <CodeBlock label={`curl for ${sentenceOf(name)}`} text={curlOf(named)} />
      <FieldTable title={route.input === 'query' ? 'Query' : 'Body'} fields={input} none="Takes nothing." />
      <FieldTable title="Answer" fields={output} none="Answers nothing." folded />
      <Errors contract={contract} codes={operation.errors ?? []} />
      <p className="dim">{facts.join(' ')}</p>
    </section>
  );
}

function bodyWords(body: string | undefined): string {
  if (body === 'in') return 'The bytes are the body of the request.';
  if (body === 'out') return 'The body of the reply is the bytes; the answer’s fields come in the Gamut-Output header.';
  return body === 'watch' ? 'Answers a stream of server-sent events.' : '';
}

function curlOf({ operation, route }: Named): string {
  const method = route.method === 'GET' ? '' : ` -X ${route.method}`;
  const required = docsFields(operation.input as PlainSchema).filter((field) => field.required && !field.name.includes('.'));
  const query = route.input === 'query' && required.length > 0 ? `?${required.map((field) => `${field.name}=…`).join('&')}` : '';
  const json =
    route.input === 'json' && required.length > 0 ? ` \\\n  --json '{${required.map((field) => `"${field.name}": …`).join(', ')}}'` : '';
  const bytes = operation.body === 'in' ? ' \\\n  --data-binary @FILE' : '';
  const address = `${location.origin}${route.path.replace('{name}', 'NAME')}${query}`;
  return `curl${method} '${address}' \\\n  -H 'Authorization: Bearer $BEARER'${json}${bytes}`;
}

function FieldTable({ title, fields, none, folded }: { title: string; fields: readonly DocsField[]; none: string; folded?: boolean }) {
  if (fields.length === 0)
    return (
      <p className="dim">
        {title}: {none}
      </p>
    );
  return (
    <details open={!folded}>
      <summary>{title}</summary>
      <dl className="docs-fields">
        {fields.map((field) => (
          <div key={field.name}>
            <dt>
              <code>{field.name}</code>
              {field.required && <span className="docs-needed">needed</span>}
            </dt>
            <dd>
              <span className="dim">{field.type}</span>
              {field.text && <> {field.text}</>}
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Errors({ contract, codes }: { contract: AnyService; codes: readonly string[] }) {
  if (codes.length === 0) return null;
  return (
    <details>
      <summary>Errors of its own</summary>
      <dl className="docs-fields">
        {codes.map((code) => {
          const fault = Object.hasOwn(contract.errors, code) ? contract.errors[code] : kernelFaults[code as KernelFault];
          return (
            <div key={code}>
              <dt>
                <code>{code}</code>
              </dt>
              <dd>
                <span className="dim">{fault?.status}</span> {fault?.text}
              </dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}
