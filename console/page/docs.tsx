import { useEffect } from 'react';
import { Link, NavLink, useLocation, useParams } from 'react-router';
import type { AnyService } from '#kernel/contract/contract.ts';
import { type Known, kindsOf, useServed } from '../api/contract.ts';
import { sentenceOf, titleOf } from '../format/word.ts';
import { Refusal, Waiting } from '../part/state.tsx';
import { Mark } from '../shell/mark.tsx';
import { operationsOf } from './docs-kind.ts';
import { DocsOperation } from './docs-operation.tsx';
import { DocsStart } from './docs-start.tsx';
import '../view/service-api.css';
import '../part/page.css';
import '../shell/rail.css';
import './docs.css';

/** The reference of every operation, derived from the contracts that this platform serves. */
export default function Docs() {
  const served = useServed();
  const { '*': rest = '' } = useParams();
  const contract = served.value?.services[rest.split('/')[0] ?? ''];
  useEffect(() => {
    document.title = `${contract ? `${contract.title} · ` : ''}API reference · Gamut`;
  }, [contract]);
  return (
    <div className="docs">
      <header className="docs-bar">
        <Link to="/" className="rail-mark">
          <Mark />
          <span>Gamut</span>
        </Link>
        <span className="dim">API reference</span>
        <span className="grow" />
        <a href="/v1/openapi.json">OpenAPI 3.1</a>
        <Link to="/">Console</Link>
      </header>
      <nav className="docs-nav" aria-label="Reference">
        {served.value && <DocsNav known={served.value} shown={contract} />}
      </nav>
      <main className="docs-main">
        {served.problem && !served.value && <Refusal problem={served.problem} again={served.again} />}
        {!served.value && !served.problem && <Waiting />}
        {served.value && (contract ? <DocsService contract={contract} known={served.value} /> : <DocsStart known={served.value} />)}
      </main>
    </div>
  );
}

function DocsNav({ known, shown }: { known: Known; shown: AnyService | undefined }) {
  return (
    <ul>
      <li>
        <NavLink to="/docs" end>
          Start
        </NavLink>
      </li>
      {Object.values(known.services).map((contract) => (
        <li key={contract.name}>
          <NavLink to={`/docs/${contract.name}`}>{contract.title}</NavLink>
          {contract === shown && (
            <ul>
              {kindsOf(contract).flatMap((kind) =>
                operationsOf(kind).map((each) => (
                  <li key={each.name}>
                    <a href={`#${each.name}`}>{sentenceOf(each.name)}</a>
                  </li>
                )),
              )}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}

function DocsService({ contract, known }: { contract: AnyService; known: Known }) {
  const { hash } = useLocation();
  useEffect(() => document.getElementById(hash.slice(1))?.scrollIntoView(), [hash, contract]);
  return (
    <article className="stack loose">
      <header>
        <h1>{contract.title}</h1>
        <p className="page-text">{contract.text}</p>
      </header>
      {Object.entries(contract.doors).length > 0 && (
        <dl className="doors">
          {Object.entries(contract.doors).map(([name, door]) => (
            <div key={name}>
              <dt>{door.protocol}</dt>
              <dd className="mono">
                {known.doors[`${contract.name}.${name}`]?.url ?? (contract.name === 'platform' ? location.origin : 'not running')}
              </dd>
              <dd className="dim">{door.text}</dd>
            </div>
          ))}
        </dl>
      )}
      {kindsOf(contract).map((kind) => {
        const operations = operationsOf(kind);
        return operations.length === 0 ? null : (
          <section key={kind.name} className="stack">
            <div>
              <h2 className="docs-kind">{titleOf(kind.name)}</h2>
              <p className="dim">{kind.resource.text}</p>
            </div>
            {operations.map((each) => (
              <DocsOperation key={each.name} contract={contract} named={each} />
            ))}
          </section>
        );
      })}
    </article>
  );
}
