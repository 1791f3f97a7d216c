// NodeInfo (nodeinfo.diaspora.software, protocol 2.1): which software answers here. Some servers take the answer for a
// sign of life, so it is given whether home is awake or not.

export type Document = Readonly<Record<string, unknown>>;

export const nodeInfoVersions = ['2.0', '2.1'] as const;
export type NodeInfoVersion = (typeof nodeInfoVersions)[number];

const schema = (version: NodeInfoVersion) => `http://nodeinfo.diaspora.software/ns/schema/${version}`;

/** Section "Discovery": `/.well-known/nodeinfo`. */
export function nodeInfoLinks(origin: string): Document {
  return {
    links: nodeInfoVersions.map((version) => ({ rel: schema(version), href: `${origin}/nodeinfo/${version}` })),
  };
}

/** Section "Retrieval": the schema is the profile of the media type. */
export function nodeInfoType(version: NodeInfoVersion): string {
  return `application/json; profile="${schema(version)}#"`;
}

/** Home leaves 2.1. Version 2.0 is the same without the software's repository and homepage. */
export function nodeInfoDocument(left: Document, version: NodeInfoVersion): Document {
  if (version === '2.1') return { ...left, version };
  const { name, version: softwareVersion } = (left.software ?? {}) as Document;
  return { ...left, version, software: { name, version: softwareVersion } };
}
