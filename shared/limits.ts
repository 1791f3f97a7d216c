// Every limit of Porchlight, named once: value with its unit, the danger it guards against, and the test that
// attacks it. Our own limits are tighter than the platform's, because a local run enforces none of the platform's.

const KiB = 1024;
const MiB = 1024 * KiB;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export const limits = {
  /** Bytes of one ActivityPub delivery (Mastodon takes 1 MiB). Danger: a stranger fills memory before any proof. */
  inboxBodyBytes: 1 * MiB,
  /** Depth of JSON in an inbox body. Danger: a parser's or a service's stack. */
  jsonDepth: 64,
  /** Characters of an actor's or a key's address. Danger: rows and memories filled with names. */
  addressLength: 2_048,
  /** Bytes of all headers of a delivery that are kept. Danger: rows filled with what no service reads. */
  deliveryHeaderBytes: 16 * KiB,

  /** Bytes up to which a body lies in the delivery's row; larger ones go to R2. Danger: 2 MB rows, slow scans. */
  inlineBodyBytes: 64 * KiB,
  /** Bytes of one row. Danger: the platform refuses 2 MB, a local run does not. */
  rowBytes: 1.5 * MiB,
  /** Deliveries in one lease. Danger: a response that a small home cannot hold. */
  leaseDeliveries: 128,
  /** Bytes of inline bodies in one lease. Danger: the same. */
  leaseBytes: 4 * MiB,
  /** How long a lease lasts unless renewed. Danger: a lost answer blocks a sender for that long. */
  leaseMs: 60 * second,
  /** First and longest wait after `later`. Danger: a failing service is hammered, or forgotten. */
  deferFirstMs: 5 * second,
  deferMaxMs: 1 * hour,
  /** `later` answers before a delivery becomes a dead letter. Danger: poison blocks its sender for ever. */
  deliveryAttempts: 40,
  /** Deliveries before one service at the same moment, each of another sender. Danger: a small home buckles. */
  deliverParallel: 16,
  /** How long a service may take to answer one delivery. Danger: a sender that hangs with it. */
  deliverMs: 60 * second,
  /** Bytes of a service's answer to a delivery that are read. Danger: an answer without end. */
  serviceAnswerBytes: 64 * KiB,
  /** How long a delivered body is still held. Danger: a home without stable power loses what its service took. */
  keptMs: 3 * day,
  /** How long dead letters are held. Danger: storage that nobody looks at. */
  deadMs: 90 * day,
  /** Bytes that the spool's database may take; above, new arrivals are refused with a temporary error. */
  spoolDatabaseBytes: 1024 * MiB,
  /** Bytes of large bodies in R2, waiting and kept; the same. */
  spoolLargeBytes: 4096 * MiB,
  /** Services whose waiting deliveries are told apart. Danger: names in every row, because counts travel with rows. */
  spoolServices: 64,
  /** Deliveries in one list for the owner. Danger: a reply that a small home cannot hold. */
  spoolListed: 100,
  /** Waiting deliveries of one sender. Danger: one peer fills the spool. Above: 429. */
  senderWaiting: 5_000,
  /** How long a Worker trusts the spool's word for who is a stranger; whoever is new is answered so much later at most.
   * Danger: a Delete that follows its sender's first delivery at once, at another Worker, is dropped as a stranger's. */
  senderFilterMs: 3 * second,
  /** Deliveries, and as many signed questions, a minute that one network brings of one origin, and of all; and all networks together, of which no network has
   * more than is left for all others. For each home, in each isolate; strangers' news of themselves apart. Danger: the
   * day's requests and rows are gone in minutes; and a few networks take what all others need. */
  arrivalsPerOrigin: 600,
  arrivalsPerNetwork: 1_200,
  arrivalsPerHome: 3_000,
  /** The longest wait, but for a quarter of it, that a sender or an asker is told where a limit of ours has it wait. Danger: a peer that
   * comes again too late for what it had to say, or takes a long wait for a no. */
  retryAfterMs: 1 * hour,
  /** Undecided deliveries waiting, per origin and in all. Danger: rows for anybody who invents a key address. */
  undecidedPerOrigin: 20,
  undecidedTotal: 500,
  /** Origins of keys of which one address (of IPv6, one /48) may leave undecided deliveries within a day. Danger: one
   * stranger invents names until nobody's undecided delivery has room. */
  undecidedOriginsPerAddress: 5,

  /** Bytes of one frame's payload on the link. Danger: a frame held whole in memory (the platform allows 32 MiB). */
  framePayloadBytes: 256 * KiB,
  /** Bytes of a frame that carries a request's or response's head. Danger: the same, before any proof of sense. */
  frameHeadBytes: 64 * KiB,
  /** Bytes of one WebSocket message on the link, which may hold several frames. Danger: the same. */
  linkMessageBytes: 1 * MiB,
  /** Bytes on the way that a stream owns from its beginning, each way. Danger: readers that stopped starve the others. */
  streamInitialBytes: 64 * KiB,
  /** Bytes on the way of one stream, and of all above those they own, each way. Danger: no backpressure on WebSockets. */
  streamWindowBytes: 2 * MiB,
  linkWindowBytes: 8 * MiB,
  /** While somebody waits for a small answer beside a bulk stream, for this long after each of them, home has about as much
   * on the way as the line holds, and this much at least. Danger: small answers wait behind megabytes in the buffers of a
   * slow line; and, if it were less, a line that runs dry. */
  paceMs: 1 * second,
  paceBytes: 64 * KiB,
  /** Open streams on one link. Danger: memory at home. */
  linkStreams: 512,
  /** Of these, WebSockets. They may stay open all day. Danger: nothing is left for requests. */
  linkWebSockets: 384,
  /** Of these, of one network (an IPv4 address, an IPv6 /48); each streamInitialBytes that it leaves unread in closed ones
   * (webSocketLeftBytes) counts as one. Danger: one visitor holds them all, or fills the memory for those that are closed. */
  linkWebSocketsPerNetwork: 96,
  /** Where there is no place, a WebSocket on which nothing has moved for so long gives way to a new one; of a network that
   * holds more than others, also one that is busier. Danger: whoever came first stays all day; and, if it were shorter,
   * a crowd whose WebSockets end each other's. */
  webSocketIdleCrowdedMs: 30 * second,
  /** Bytes of one message of a WebSocket (the platform's own limit). Danger: what must be held whole at the edge. */
  webSocketMessageBytes: 32 * MiB,
  /** Bytes that visitors' WebSockets sent and home's service has not taken, all together, also on a link that is being
   * emptied; the socket that goes beyond is closed (1013). Danger: the platform has no backpressure for what a visitor
   * sends, and 128 MB for the object. */
  webSocketWaitingBytes: 24 * MiB,
  /** Bytes that may wait beside one message, which comes whole and may be longer than that. Danger: the same; and, if there
   * were none, one long message closes everybody's. */
  webSocketBesideBytes: 4 * MiB,
  /** Bytes of messages that services' WebSockets sent and home could not send on, of all of a link together; the socket
   * whose message goes beyond is closed (1013), except that each may have streamInitialBytes waiting. From half of it on,
   * no service is read of which anything waits. A message comes whole, so this is above webSocketMessageBytes. Danger:
   * visitors who do not read fill a small home's memory, each with a message. */
  webSocketUnsentBytes: 40 * MiB,
  /** Bytes that the edge holds of messages to visitors above the windows, because a message must be whole before it can be
   * sent: beyond this only the one that began first goes on, up to webSocketMessageBytes. Danger: the same memory. */
  webSocketLongBytes: 8 * MiB,
  /** Bytes that wait in sockets which were closed and whose visitors do not read: beyond, no WebSocket is opened. Danger: the
   * platform keeps them until the visitor's connection breaks. */
  webSocketLeftBytes: 16 * MiB,
  /** How long a closed WebSocket waits for the other side's close, as long as nothing moves. Danger: streams for ever. */
  webSocketCloseMs: 30 * second,
  /** A stream whose visitor takes nothing of what waits for it, or sends nothing of the body it owes, is ended after this
   * long. A phone in a tunnel lives; the slowest phone there is takes a frame (framePayloadBytes) in that time. Streams
   * on which the service is silent (live streams, long polls) are not meant. Danger: visitors that stopped hold streams
   * for ever. */
  streamStalledMs: 2 * minute,
  /** When linkStreams are open, a new request ends the one that stalled longest, if for at least this long. Danger:
   * visitors that stopped hold all streams; and, if it were shorter, a crowd that ends whoever loses the radio. */
  streamStalledCrowdedMs: 10 * second,
  /** Bytes that must move for a stream to count as moving. Danger: a byte now and then as a way to hold a stream. */
  streamStepBytes: 4 * KiB,
  /** Bytes of one service's answer that home holds unsent, and of all answers, above which each may hold one read of its
   * connection (64 KiB). In all at most answersBytes + linkStreams × 64 KiB = 64 MiB. Danger: a small home's memory. */
  answerBytes: 512 * KiB,
  answersBytes: 32 * MiB,
  /** Sockets that have not proved whose they are. Danger: strangers hold the Link object's memory. */
  unprovenSockets: 8,
  /** Home pings this often and waits so long for the answer: what has become of a connection is known within the sum of
   * both, 17 s. Less often would leave visitors to a dead line, more often would wake a small computer's radio for nothing.
   * The edge distrusts a link whose last ping is older than `linkStaleMs`, so that one ping may come late, or be
   * lost with a packet that is sent again. Danger: requests are put on a line that nobody reads. */
  linkPingMs: 8 * second,
  linkPongMs: 9 * second,
  linkStaleMs: 20 * second,
  /** How long an older link may go on with what is open on it when a newer home node has come. Danger: two home nodes for
   * as long as a slow download likes. */
  linkDrainMs: 30 * second,
  /** Bytes of complete answers whose link is over and that their visitors still read, of all earlier links together; beyond,
   * the oldest is broken off. Danger: a home that dials anew time and again, and each time slow visitors' windows stay. */
  linkTailBytes: 16 * MiB,
  /** Services that one SERVICES frame names, and its bytes. Danger: what is written on a socket, which keeps it through
   * hibernation, is at most 16 KiB on the platform. */
  services: 32,
  servicesBytes: 8 * KiB,
  /** How long changes of the link are told, and how many: of a link that flaps, the newest. Danger: a row that grows. */
  linkHistoryMs: 8 * day,
  linkHistoryChanges: 256,
  /** Changes of the link that are written on its socket and not yet in the row. Danger: as for services. */
  linkUnwrittenChanges: 32,
  /** The highest epoch that a home may say it had. Danger: whoever stole a key says the highest number there is, no epoch
   * above it can be given, and the home is shut out for ever, whatever key it gets. */
  linkEpoch: 2 ** 40,
  /** How long a carried request waits for the head of home's response. Matrix clients poll for 30 s and more, and a
   * service may well take as long as it may behind Cloudflare without Porchlight (100 s). Danger: visitors who hang for
   * ever. */
  carryHeadMs: 2 * minute,
  /** When linkStreams are open, a new request ends the one that has waited longest for its head, if for at least this
   * long. Danger: a service that hangs holds all streams, and home's other services cannot be reached. */
  carryHeadCrowdedMs: 30 * second,
  /** How long a request waits for a link that was there a moment ago. Danger: visitors who hang for ever. */
  carryHoldMs: 5 * second,
  /** A link that was lost longer ago is not waited for. Danger: each visitor of a home that is gone waits in vain. */
  linkMissedMs: 15 * second,
  /** Requests that wait so, on one home's object. Danger: a crowd before a home that is gone fills its memory. */
  carryHeld: 512,
  /** How often one request that may be repeated is put on a link. Danger: a request that breaks every link it comes to. */
  carrySends: 2,

  /** Bytes, time and redirects of one key fetch. Danger: a hostile key server holds or fills the edge. */
  keyBytes: 1 * MiB,
  keyFetchMs: 5 * second,
  keyRedirects: 3,
  /** How long a key, and a failure to get one, are remembered. Danger: a fetch per forged request. */
  keyFreshMs: 1 * day,
  keyFailureMs: 5 * minute,
  /** How long a key is still good when its server cannot be asked again. Danger: a key that was taken away goes on; home's
   * service checks it once more. */
  keyKeptMs: 7 * day,
  /** Within keyFailureMs, of the keys that one network names at one origin: questions without an answer, and questions that
   * brought no key; and these at all origins. What comes of others meanwhile is undecided. Danger: a stranger's inventions
   * make the edge knock at somebody else's server. */
  keyTroublesPerOrigin: 3,
  keyMissesPerOrigin: 10,
  keyMissesPerNetwork: 50,
  /** Bytes of the filter of actors that home has met, as long as one stranger in so many is taken for one of them (and merely
   * judged in full): enough for a million actors; whoever met more has more strangers judged. Danger: a snapshot that is too
   * large to be left, and each Delete of a stranger a question for its key. */
  knownActorsBytes: 2 * MiB,
  knownActorsFalsePositives: 1 / 1_000,
  /** Keys that home leaves in its snapshot, and characters of each: 8,192 bits of RSA take 1,100. Danger: an isolate's
   * memory and its time, because a snapshot is read whole. */
  actorKeys: 2_000,
  actorKeyLength: 4_096,
  /** How long one question to a service's database may take, and how many rows of an answer are read: of more actors, all
   * count as known. Danger: a server held up, memory and bandwidth of a small home. */
  databaseMs: 10 * second,
  databaseRows: 100_000,
  /** Accounts of a service that are left at the edge: of more, none are, and the running server answers for them. Danger:
   * an hour of questions at each bedtime. */
  leftAccounts: 500,
  /** Bytes of one answer of a service that is left at the edge. Danger: an answer without end. */
  leftDocumentBytes: 256 * KiB,
  /** How long home goes by what a service told of itself, but for accounts' names. Danger: a battery spent on asking. */
  leavingsFreshMs: 15 * minute,
  /** Subdomains of one registrable domain that are asked for keys per hour, for each home, and where none was found yet.
   * Danger: wildcard DNS as a flood. What comes of others meanwhile is undecided. */
  keySubdomainsPerHour: 10,
  /** The same, whoever named them: keySubdomainsPerHour counts those that one network named (an IPv4 address, an IPv6
   * /48), so that no single stranger uses up what an honest new server of that domain needs. */
  keySubdomainsPerHourInAll: 100,
  /** A signed time may differ from the time of arrival by this much. Danger: replay of an old request. */
  signedTimeSkewMs: 1 * hour,
  /** How old a proof in the body may be that somebody else brings to the embedded home (Mastodon's own expire after as long).
   * Danger: whoever once got an activity makes it true again when its author has long taken it back. */
  handedOnMs: 2 * day,
  /** How long the embedded home remembers what its authors took back: longer than handedOnMs, by what deliveries may be
   * late to each other; and how much of it at most. Danger: a table of everybody's deletions for ever. */
  takenBackMs: 10 * day,
  takenBack: 20_000,
  /** How long home's word for a time of arrival is good after it was given. Danger: a stolen receipt is good for ever. */
  receiptMs: 5 * minute,
  /** Days for which home vouches for an arrival to a service with its hook. Danger: the edge brings back what is long over. */
  receiptDays: 30,
  /** Home's clock may differ from the edge's by this much; beyond, home takes no deliveries. Danger: services that judge
   * by the time (the strictest: 5 minutes) refuse what is in time, and it becomes a dead letter. */
  homeClockOffMs: 5 * minute,

  /** Bytes of what a service answers to WebFinger; it is read whole. Danger: the isolate's memory. */
  descriptorBytes: 64 * KiB,

  /** Bytes of one page copy. Danger: a video held as a page. */
  copyBytes: 25 * MiB,
  /** Bytes of a page copy's headers (R2 takes 8 KiB of metadata). Danger: a page that cannot be stored at all. */
  copyHeaderBytes: 6 * KiB,
  /** Length of a path whose page may be copied. Danger: storage for whatever strangers append to a path. */
  copyPathLength: 512,
  /** An unchanged page is stored again after this long. Danger: a paid write for every view. */
  copyAgainMs: 10 * minute,
  /**
   * A document that is given to who signs was asked for within so long before home's last word: home names what there is
   * at least once a day. Danger: what a service deleted, and names no more, is given for ever.
   */
  authorizedCopyMs: 2 * day,
  /** Bytes of pages that one isolate is storing at once; beyond, a page waits for its next visitor. Danger: memory. */
  copyingBytes: 32 * MiB,
  /** Pages that one warm call asks for. Danger: the platform's 50 subrequests. */
  warmPaths: 20,
  /** Signed questions of one warm call to a service that answers nobody else. Danger: the platform's time to compute, of which
   * each signature takes a good part. */
  warmSignedPaths: 5,
  /** Bytes of an ActivityPub document that is warmed, for which it is read whole. Danger: four times the isolate's memory. */
  documentBytes: 1 * MiB,
  /** Bytes of documents that home gives with one warm call, and of the call. Danger: the platform's time to compute. */
  givenBytes: 256 * KiB,
  warmCallBytes: 1 * MiB,
  /** Links of one document that home is told. Danger: a reply as long as a service likes. */
  documentLinks: 200,
  /** Posts that home knows to be for all, and of these that are named. Danger: memory; no place for what lists lead to. */
  publicPosts: 5_000,
  warmPosts: 100,
  /** ActivityPub documents that one warming asks for. Danger: a night's warming that never ends. */
  warmDocuments: 400,
  /** Inboxes of single accounts in one snapshot, beside those with `{name}`. Danger: a list that each POST is held against. */
  exactInboxes: 200,
  /** Domains that home blocks, and deleted objects, in one snapshot. Danger: a list that each question is held against. */
  blockedDomains: 20_000,
  /** The same of the domains that a service federates with, and no others. */
  allowedDomains: 20_000,
  goneObjects: 5_000,
  /** Bytes of a page or site map that home searches for links to warm. Danger: a page without end in home's memory. */
  searchedBytes: 1 * MiB,
  /** Bytes of a snapshot. Danger: the isolate's memory. */
  snapshotBytes: 8 * MiB,
  /** An unchanged snapshot is sent again after this long. Danger: strangers are told an age that is not true, or each look
   * of home at its services costs a write. */
  snapshotAgainMs: 6 * hour,
  /** How long a Worker trusts its copy of the directory and of a snapshot before it looks again. */
  directoryFreshMs: 10 * second,
  snapshotFreshMs: 5 * second,
  /** The same for the edge's part of home's settings, which must take effect everywhere within a second. Costs one R2 read
   * for each request that finds it older: at most as many as there are requests, and at most two a second for each home
   * in each isolate that is busy without a pause (5.2 million a month; the free plan has 10 million). Danger: a setting
   * that holds at one visitor's and not at the next one's. */
  configFreshMs: second / 2,
  /** Bytes of porchlight.toml, and of the edge's part of it as home signs it. Danger: a parser, an isolate's memory. */
  configBytes: 64 * KiB,
  /** How long a Worker, and a browser, shows the same status. Danger: each look at it wakes two objects of a home. */
  statusFreshMs: 10 * second,
  /** Keys of each memory of a Worker: hosts, snapshots, pages seen. Danger: strangers who invent names fill it. */
  memoryEntries: 1_000,
  /** How long a claim code is good. Danger: a code found in an old mail. */
  claimCodeMs: 7 * day,
  /** How long a host is between homes after its claim (503, then 421). Danger: deliveries lost; or, without end, tried for ever. */
  betweenHomesMs: 30 * day,
  /** Hosts of one claim code (one statement of D1 takes 100 values). Danger: a claim that fails in the middle. */
  claimHosts: 50,
  /** The operator's clock may differ from the edge's by this much. Danger: a recorded call is good for ever. */
  operatorClockOffMs: 5 * minute,
  /** Bytes of what an operator asks. Danger: memory, before any sense. */
  operatorBodyBytes: 64 * KiB,
  /** Homes or codes in one list. Danger: a reply that outgrows the isolate. */
  operatorListed: 500,
  /** Bytes of a call that changes home's key; it is read before its signature is known to hold. Danger: memory. */
  keyChangeBytes: 4 * KiB,
  /** When a signature does not fit the remembered key of a host, the directory is asked anew, at most this often per
   * host: the key may have changed a moment ago. Danger: forgers cause a query of D1 for each request. */
  directoryAgainMs: 1 * second,

  /** Characters of a path and query that the edge says back. Danger: an answer as long as a stranger likes. */
  echoLength: 2_048,

  /** Characters of what a command reads on its standard input. Danger: a wrong file there fills its memory. */
  cliInputLength: 4_096,
  /** How long `porchlight status` waits for the edge's word on a home that does not run, and how much of it is read. Danger: an
   * edge out of reach, or whatever answers at the owner's name, holds the command. */
  statusAskMs: 5 * second,
  statusAnswerBytes: 64 * KiB,

  /** Bytes of what one command asks of the home node. Danger: a process of the same user fills its memory by mistake. */
  controlRequestBytes: 64 * KiB,
  /** How long home's figures on loopback are told again without asking anew. Danger: any page in a browser on this machine
   * may call them, unread but as often as it likes, and each asks the edge, whose requests a day are counted. */
  metricsFreshMs: 5 * second,
  /** Bytes of one file of a backup, packed or unpacked. Danger: a file that grows without end when it is unpacked, and a
   * small machine's memory. */
  backupFileBytes: 64 * MiB,
  /** Bytes free on home's disk below which its owner is told. Danger: a ledger that cannot be written stops deliveries. */
  homeDiskFreeBytes: 64 * MiB,
  /** How long one check of `porchlight doctor` may take, and one question in it. Danger: a name server or a network that
   * swallows everything holds the command for ever. */
  doctorCheckMs: 30 * second,
  doctorAskMs: 8 * second,
  /** Bytes of an answer that a check reads. Danger: whatever answers at the owner's name fills home's memory. */
  doctorAnswerBytes: 256 * KiB,
  /** Bytes of a ledger whose integrity is checked; a longer one would take minutes. Danger: a small computer's disk. */
  doctorLedgerBytes: 64 * MiB,
  /** Home's clock may differ from the edge's by this much before doctor warns. Danger: beyond homeClockOffMs nothing is
   * taken any more, and a clock that runs away gets there. */
  clockWarnMs: 30 * second,
  /** Free bytes of the data folder's disk, below which doctor warns and below which it is a fault; and free inodes.
   * Danger: a ledger that cannot be written. */
  diskWarnBytes: 500 * MiB,
  diskFaultBytes: 50 * MiB,
  diskWarnInodes: 10_000,
  diskFaultInodes: 1_000,
  /** Time left to a certificate below which doctor warns; platforms renew weeks before. Danger: a renewal that fails unseen. */
  certificateEndsMs: 7 * day,
  /** How long a link may be open without a snapshot, and a delivery wait while home is awake. Danger: intake stands unnoticed. */
  snapshotLateMs: 2 * minute,
  waitingLongMs: 1 * hour,

  /** Between two looks for alerts that something caused. Danger: each asks the edge, and peers decide how often. */
  alertLookMs: 1 * minute,
  /** How long the owner's alert command may take. Danger: one that hangs holds back every later alert. */
  alertHookMs: 30 * second,

  /** How long there may be no contact with a peer until it is greeted after waking. Danger: about as long after it began to
   * fail, servers stop sending to a domain (Mastodon, Misskey, Pleroma: seven days). */
  greetAfterMs: 7 * day,
  /** Peers that are greeted after one waking; the others after the next. Danger: a morning of greetings. */
  greetPeers: 200,
  /** How long a service may take for one greeting. Danger: one that hangs holds back all others. */
  greetMs: 10 * second,

  /** Bytes of one line that a service said and that home logs; what is longer is logged in pieces. Danger: home's memory,
   * filled by a service that never ends its line. */
  serviceLineBytes: 8 * KiB,
  /** Files of the embedded site that are kept in memory: each, and together. Danger: home's memory. */
  siteFileInMemoryBytes: 256 * KiB,
  siteMemoryBytes: 16 * MiB,
  /** Paths of the site that are named for warming. Danger: a night's warming that never ends. */
  sitePages: 200,
  /** Bytes of the site's feed. Danger: a parser held up by a file that is no feed. */
  feedBytes: 4 * MiB,
  /** Posts that one change of the feed leads to. Danger: a whole archive sent to every follower. */
  feedPosts: 10,
  /** Edited posts that one change of the feed tells followers of. Danger: a site made anew, told of post by post. */
  feedEdits: 10,
  /** Between two times that followers are told of one post's edits. Danger: a feed that is never twice the same. */
  feedEditMs: 10 * minute,
  /** Age of an entry that still becomes a post. Danger: the same, by an archive that is put in later. */
  feedNewsMs: 7 * day,
} as const;
