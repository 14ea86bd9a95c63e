import { Link } from 'react-router';
import { kernelFaults } from '#kernel/contract/fault.ts';
import type { Known } from '../api/contract.ts';
import { CodeBlock } from '../part/code.tsx';

/** How the REST interface works everywhere: who calls, where, errors, pages, repeats, watches. */
export function DocsStart({ known }: { known: Known }) {
  return (
    <article className="stack loose docs-start">
      <header>
        <h1>API reference</h1>
        <p className="page-text">
          Every operation of this platform, derived from the contracts it runs:{' '}
          {Object.values(known.services).map((contract, index) => (
            <span key={contract.name}>
              {index > 0 && ', '}
              <Link to={`/docs/${contract.name}`}>{contract.title}</Link>
            </span>
          ))}
          .
        </p>
      </header>
      <section className="stack tight">
        <h2>Call it</h2>
        <p>A credential’s bearer face says who calls and in which environment. Its Basic face works as well.</p>
        <CodeBlock
          label="A first call"
          text={`export BEARER=gmt_…\ncurl ${location.origin}/v1/platform/projects -H "Authorization: Bearer $BEARER"`}
        />
        <p>
          People who may enter several environments name one by its id in <code>Gamut-Environment</code>.
        </p>
      </section>
      <section className="stack tight">
        <h2>Addresses</h2>
        <p>
          <code>/v1/service/collection</code> lists and creates; <code>/v1/service/collection/name</code> reads, changes and deletes one;
          other operations follow in lower case behind a name, or behind <code>-</code> for the collection.
        </p>
      </section>
      <section className="stack tight">
        <h2>Pages</h2>
        <p>
          Lists come in order of name. Where an answer has <code>next</code>, send it as <code>after</code> to go on.
        </p>
      </section>
      <section className="stack tight">
        <h2>Watches</h2>
        <p>
          A watch is a stream of server-sent events. Start it from the <code>version</code> of a list and no change is missed;{' '}
          <code>Gone</code> means list again.
        </p>
      </section>
      <section className="stack tight">
        <h2>Errors</h2>
        <p>
          A refusal is a problem document (RFC 9457) with a <code>code</code> of this table or of the service, a sentence, the{' '}
          <code>path</code> in the input, and the request’s id.
        </p>
        <dl className="docs-fields">
          {Object.entries(kernelFaults)
            .filter(([, fault]) => fault.status < 500 || fault.retry)
            .map(([code, fault]) => (
              <div key={code}>
                <dt>
                  <code>{code}</code>
                </dt>
                <dd>
                  <span className="dim">{fault.status}</span> {fault.text}
                  {fault.retry && <span className="dim"> May be repeated.</span>}
                </dd>
              </div>
            ))}
        </dl>
      </section>
    </article>
  );
}
