-- messages.db
PRAGMA application_id = 1650815853;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE entries (
	room INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	time INTEGER NOT NULL, 
	author INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (room, number)
)
 WITHOUT ROWID

;
INSERT INTO "entries" VALUES(1,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"public","room_name":"lobby","owner":1,"pair":null}');
INSERT INTO "entries" VALUES(1,2,1700000000001,1,'ann','{"kind":"membership","way":"joined","people":[{"principal":1,"name":"ann"},{"principal":2,"name":"Bob"}]}');
INSERT INTO "entries" VALUES(1,3,1700000000002,1,'ann','{"kind":"message","text":"hé\n\u001b[31m 🙂","manner":"done"}');
INSERT INTO "entries" VALUES(1,4,1700000000003,2,'Bob','{"kind":"topic","topic":"tea"}');
INSERT INTO "entries" VALUES(1,5,1700000000004,2,'Bob','{"kind":"message","text":"@bob: ''\"kind\":\"message\"''"}');
INSERT INTO "entries" VALUES(1,6,1700000000005,2,'Bob','{"kind":"membership","way":"left","people":[{"principal":2,"name":"Bob"}]}');
INSERT INTO "entries" VALUES(2,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"inbox","room_name":"","owner":1,"pair":null}');
INSERT INTO "entries" VALUES(2,2,1700000000001,1,'ann','{"kind":"entered","room":5,"room_kind":"direct","room_name":"","number":2,"people":[{"principal":1,"name":"ann"},{"principal":2,"name":"Bob"}]}');
INSERT INTO "entries" VALUES(2,3,1700000000002,1,'ann','{"kind":"left","room":9,"number":3,"way":"left"}');
INSERT INTO "entries" VALUES(2,4,1700000000003,1,'ann','{"kind":"revoked"}');
INSERT INTO "entries" VALUES(3,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"inbox","room_name":"","owner":2,"pair":null}');
INSERT INTO "entries" VALUES(4,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"inbox","room_name":"","owner":3,"pair":null}');
INSERT INTO "entries" VALUES(5,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"direct","room_name":"","owner":null,"pair":[1,2]}');
INSERT INTO "entries" VALUES(5,2,1700000000001,1,'ann','{"kind":"membership","way":"joined","people":[{"principal":1,"name":"ann"},{"principal":2,"name":"Bob"}]}');
INSERT INTO "entries" VALUES(5,3,1700000000002,1,'ann','{"kind":"message","text":"hi"}');
INSERT INTO "entries" VALUES(6,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"private","room_name":"Straße","owner":1,"pair":null}');
INSERT INTO "entries" VALUES(6,2,1700000000001,1,'ann','{"kind":"membership","way":"joined","people":[{"principal":1,"name":"ann"}]}');
INSERT INTO "entries" VALUES(6,3,1700000000002,1,'ann','{"kind":"message","text":"hush"}');
INSERT INTO "entries" VALUES(7,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"public","room_name":"over","owner":null,"pair":null}');
INSERT INTO "entries" VALUES(7,2,1700000000001,1,'ann','{"kind":"membership","way":"joined","people":[{"principal":3,"name":"eve"}]}');
INSERT INTO "entries" VALUES(7,3,1700000000002,1,'ann','{"kind":"message","text":"bye"}');
INSERT INTO "entries" VALUES(7,4,1700000000003,1,'ann','{"kind":"membership","way":"left","people":[{"principal":3,"name":"eve"}]}');
INSERT INTO "entries" VALUES(7,5,1700000000004,1,'ann','{"kind":"archived"}');
INSERT INTO "entries" VALUES(8,1,1700000000000,1,'ann','{"kind":"opened","room_kind":"public","room_name":"Passing","owner":null,"pair":null}');
INSERT INTO "entries" VALUES(8,2,1700000000001,1,'ann','{"kind":"membership","way":"joined","people":[{"principal":2,"name":"Bob"}]}');
INSERT INTO "entries" VALUES(9,1,1700000000000,3,'eve','{"kind":"opened","room_kind":"direct","room_name":"","owner":null,"pair":[3,3]}');
INSERT INTO "entries" VALUES(9,2,1700000000001,3,'eve','{"kind":"membership","way":"joined","people":[{"principal":3,"name":"eve"}]}');
INSERT INTO "entries" VALUES(9,3,1700000000002,3,'eve','{"kind":"message","text":"hi"}');
CREATE TABLE meta (
	epoch TEXT NOT NULL, 
	boot INTEGER NOT NULL
);
INSERT INTO "meta" VALUES('b279228e0d6138ee4a9729d0b26714aa',1);
CREATE TABLE requests (
	author INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	room INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (author, id, room)
)
 WITHOUT ROWID

;
INSERT INTO "requests" VALUES(1,'00000000000000000000000000000000',1,1);
INSERT INTO "requests" VALUES(1,'00000000000000000000000000000001',1,2);
INSERT INTO "requests" VALUES(1,'00000000000000000000000000000002',1,3);
CREATE TABLE rooms (
	id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	folded TEXT, 
	owner INTEGER, 
	low INTEGER, 
	high INTEGER, 
	topic TEXT NOT NULL, 
	head INTEGER NOT NULL, 
	floor INTEGER NOT NULL, 
	time INTEGER NOT NULL, 
	messages INTEGER NOT NULL, 
	members INTEGER NOT NULL, 
	archived INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "rooms" VALUES(1,'public','lobby','lobby',1,NULL,NULL,'tea',6,1,1700000000005,2,1,0);
INSERT INTO "rooms" VALUES(2,'inbox','',NULL,1,NULL,NULL,'',4,1,1700000000003,0,0,0);
INSERT INTO "rooms" VALUES(3,'inbox','',NULL,2,NULL,NULL,'',1,1,1700000000000,0,0,0);
INSERT INTO "rooms" VALUES(4,'inbox','',NULL,3,NULL,NULL,'',1,1,1700000000000,0,0,0);
INSERT INTO "rooms" VALUES(5,'direct','',NULL,NULL,1,2,'',3,1,1700000000002,1,2,0);
INSERT INTO "rooms" VALUES(6,'private','Straße','strasse',1,NULL,NULL,'',3,1,1700000000002,1,1,0);
INSERT INTO "rooms" VALUES(7,'public','over',NULL,NULL,NULL,NULL,'',5,1,1700000000004,1,0,1);
INSERT INTO "rooms" VALUES(8,'public','Passing','passing',NULL,NULL,NULL,'',2,1,1700000000001,0,1,0);
INSERT INTO "rooms" VALUES(9,'direct','',NULL,NULL,3,3,'',3,1,1700000000002,1,1,0);
CREATE TABLE stays (
	room INTEGER NOT NULL, 
	principal INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	first INTEGER NOT NULL, 
	"left" INTEGER, 
	PRIMARY KEY (room, principal)
)
 WITHOUT ROWID

;
INSERT INTO "stays" VALUES(1,1,'ann','owner',2,NULL);
INSERT INTO "stays" VALUES(1,2,'','member',2,6);
INSERT INTO "stays" VALUES(5,1,'ann','member',2,NULL);
INSERT INTO "stays" VALUES(5,2,'Bob','member',2,NULL);
INSERT INTO "stays" VALUES(6,1,'ann','owner',2,NULL);
INSERT INTO "stays" VALUES(7,3,'','member',2,4);
INSERT INTO "stays" VALUES(8,2,'Bob','member',2,NULL);
INSERT INTO "stays" VALUES(9,3,'eve','member',2,NULL);
CREATE TABLE steps (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	what TEXT NOT NULL
);
INSERT INTO "steps" VALUES(1,'{"remove": 7}');
CREATE UNIQUE INDEX rooms_direct ON rooms (low, high) WHERE low IS NOT NULL;
CREATE UNIQUE INDEX rooms_inbox ON rooms (owner) WHERE kind = 'inbox';
CREATE UNIQUE INDEX rooms_named ON rooms (folded) WHERE folded IS NOT NULL;
CREATE INDEX rooms_passing ON rooms (id) WHERE kind = 'public' AND owner IS NULL AND archived = 0;
CREATE INDEX rooms_public ON rooms (folded) WHERE kind = 'public' AND folded IS NOT NULL;
CREATE INDEX stays_of ON stays (principal, room);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('steps',1);
COMMIT;
-- accounts.db
PRAGMA application_id = 1650815841;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE accounts (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name TEXT NOT NULL, 
	folded TEXT, 
	role TEXT NOT NULL, 
	password_hash TEXT NOT NULL, 
	first_seen INTEGER NOT NULL, 
	first_address TEXT NOT NULL, 
	last_seen INTEGER NOT NULL, 
	last_address TEXT NOT NULL, 
	muted INTEGER NOT NULL
);
INSERT INTO "accounts" VALUES(1,'ann','ann','admin','$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA',1700000000000,'192.0.2.1',1700000000001,'192.0.2.2',0);
INSERT INTO "accounts" VALUES(2,'Bob','bob','user','$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA',1700000000000,'192.0.2.1',1700000000001,'192.0.2.2',0);
INSERT INTO "accounts" VALUES(3,'eve','eve','user','$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA',1700000000000,'192.0.2.1',1700000000001,'192.0.2.2',0);
CREATE TABLE bans (
	id INTEGER NOT NULL, 
	account INTEGER, 
	network TEXT, 
	since INTEGER NOT NULL, 
	until INTEGER, 
	PRIMARY KEY (id)
);
INSERT INTO "bans" VALUES(1,3,NULL,1700000000000,NULL);
INSERT INTO "bans" VALUES(2,NULL,'198.51.100.0/24',1700000000000,2700000000000);
CREATE TABLE invitations (
	digest BLOB NOT NULL, 
	uses_left INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "invitations" VALUES(X'5694D08A2E53FFCAE0C3103E5AD6F6076ABD960EB1F8A56577040BC1028F702B',2,2700000000000);
CREATE TABLE known (
	account INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	time INTEGER NOT NULL, 
	PRIMARY KEY (account, address)
)
 WITHOUT ROWID

;
INSERT INTO "known" VALUES(1,'192.0.2.2',1700000000001);
INSERT INTO "known" VALUES(2,'192.0.2.2',1700000000001);
INSERT INTO "known" VALUES(3,'192.0.2.2',1700000000001);
CREATE TABLE tokens (
	digest BLOB NOT NULL, 
	account INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	used INTEGER NOT NULL, 
	expires INTEGER NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "tokens" VALUES(X'AADE6BF8423F565635E5F285A9F56016B6A39F7F8FAB70B18116C74F6FCCBC61',1,'192.0.2.2',1700000000000,2700000000000);
CREATE UNIQUE INDEX accounts_named ON accounts (folded) WHERE folded IS NOT NULL;
CREATE UNIQUE INDEX bans_from ON bans (network) WHERE network IS NOT NULL;
CREATE UNIQUE INDEX bans_of ON bans (account) WHERE account IS NOT NULL;
CREATE INDEX known_by_time ON known (time);
CREATE INDEX tokens_of ON tokens (account, used);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('accounts',3);
COMMIT;
