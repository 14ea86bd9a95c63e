import { exactMoment } from '#console/format/moment.ts';
import { CodeBlock } from '#console/part/code.tsx';
import { Section } from '#console/part/page.tsx';
import { type Column, Table } from '#console/part/table.tsx';
import { wordOf } from './row.ts';
import type { BankRecord, Message } from './trace.ts';

type Element = Message['elements'][number];
const columns: readonly Column<Element>[] = [
  { key: 'number', title: 'Field', right: true, show: ({ number }) => number },
  { key: 'name', title: 'Name', show: ({ name }) => name },
  { key: 'value', title: 'Value', show: ({ value }) => <span className="mono">{value}</span> },
];

/** Messages of the card network, field by field; numbers of cards are stand-ins. */
export function Messages({ messages }: { messages: readonly Message[] }) {
  return (
    <Section title="Card messages" text="ISO 8583, between the switch and the simulated network. The card's number is a stand-in.">
      <div className="stack tight">
        {messages.map((message, at) => (
          <details key={`${message.at} ${at}`} className="message">
            <summary>
              <span className="mono">{message.mti}</span> {message.type}
              {answerOf(message)} <span className="dim">{exactMoment(message.at)}</span>
            </summary>
            <Table label={`Fields of ${message.mti}`} columns={columns} rows={message.elements} rowKey={({ number }) => String(number)} />
          </details>
        ))}
      </div>
    </Section>
  );
}

const responseCode = 39;
const answerOf = ({ elements }: Message): string => {
  const code = elements.find(({ number }) => number === responseCode)?.value;
  return code === undefined ? '' : `: response code ${code}`;
};

/** What files to and from clearing houses say. */
export function Records({ records }: { records: readonly BankRecord[] }) {
  return (
    <Section title="Bank records" text="Out of the files that went to the simulated clearing house, and came from it.">
      <div className="stack tight">
        {records.map(({ file, kind, direction = '', records: own }) => (
          <details key={file} className="message">
            <summary>
              <span className="mono">{kind}</span> {wordOf(direction)} <span className="mono dim">{file}</span>
            </summary>
            <CodeBlock label={`Records of ${file}`} text={JSON.stringify(own, undefined, 2)} />
          </details>
        ))}
      </div>
    </Section>
  );
}
