"""Every numeric that this server sends, with its words (modern.ircdocs.horse, "Numerics"): the one table of them."""

from __future__ import annotations

from enum import Enum

from besedka.chat.refusals import N_


class Numeric(Enum):
    """A reply by its usual name: its three digits, and the words at its end (empty where they are made)."""

    RPL_WELCOME = "001", N_("Welcome to the {network} Network, {mask}")
    RPL_YOURHOST = "002", N_("Your host is {server}, running version {version}")
    RPL_CREATED = "003", N_("This server was created {created}")
    RPL_MYINFO = "004", ""
    RPL_ISUPPORT = "005", N_("are supported by this server")
    RPL_ENDOFSTATS = "219", N_("End of /STATS report")
    RPL_UMODEIS = "221", ""
    RPL_STATSUPTIME = "242", N_("Server Up {days} days {hours:02}:{minutes:02}:{seconds:02}")
    RPL_LUSERCLIENT = "251", N_("There are {users} users and {invisible} invisible on 1 servers")
    RPL_LUSEROP = "252", N_("operator(s) online")
    RPL_LUSERUNKNOWN = "253", N_("unknown connection(s)")
    RPL_LUSERCHANNELS = "254", N_("channels formed")
    RPL_LUSERME = "255", N_("I have {users} clients and 1 servers")
    RPL_ADMINME = "256", N_("Administrative info")
    RPL_ADMINLOC1 = "257", N_("This server is called {network}")
    RPL_ADMINLOC2 = "258", N_("It runs besedka, a chat in which rooms are channels")
    RPL_ADMINEMAIL = "259", N_("Whoever runs it has given no address")
    RPL_LOCALUSERS = "265", N_("Current local users {users}, max {most}")
    RPL_GLOBALUSERS = "266", N_("Current global users {users}, max {most}")
    RPL_AWAY = "301", ""
    RPL_USERHOST = "302", ""
    RPL_ISON = "303", ""
    RPL_UNAWAY = "305", N_("You are no longer marked as being away")
    RPL_NOWAWAY = "306", N_("You have been marked as being away")
    RPL_WHOISUSER = "311", ""
    RPL_WHOISSERVER = "312", ""
    RPL_WHOISOPERATOR = "313", N_("is an administrator of this server")
    RPL_WHOWASUSER = "314", ""
    RPL_ENDOFWHO = "315", N_("End of WHO list")
    RPL_WHOISIDLE = "317", N_("seconds idle, signon time")
    RPL_ENDOFWHOIS = "318", N_("End of /WHOIS list")
    RPL_WHOISCHANNELS = "319", ""
    RPL_LISTSTART = "321", N_("Users  Name")
    RPL_LIST = "322", ""
    RPL_LISTEND = "323", N_("End of /LIST")
    RPL_CHANNELMODEIS = "324", ""
    RPL_CREATIONTIME = "329", ""
    RPL_WHOISACCOUNT = "330", N_("is logged in as")
    RPL_NOTOPIC = "331", N_("No topic is set")
    RPL_TOPIC = "332", ""
    RPL_TOPICWHOTIME = "333", ""
    RPL_WHOISBOT = "335", N_("is a bot")
    RPL_INVITELIST = "336", ""
    RPL_ENDOFINVITELIST = "337", N_("End of /INVITE list")
    RPL_INVITING = "341", ""
    RPL_INVEXLIST = "346", ""
    RPL_ENDOFINVEXLIST = "347", N_("End of channel invite exception list")
    RPL_EXCEPTLIST = "348", ""
    RPL_ENDOFEXCEPTLIST = "349", N_("End of channel exception list")
    RPL_VERSION = "351", ""
    RPL_WHOREPLY = "352", ""
    RPL_NAMREPLY = "353", ""
    RPL_WHOSPCRPL = "354", ""
    RPL_ENDOFLINKS = "365", N_("End of /LINKS list")
    RPL_ENDOFNAMES = "366", N_("End of /NAMES list")
    RPL_BANLIST = "367", ""
    RPL_ENDOFBANLIST = "368", N_("End of channel ban list")
    RPL_ENDOFWHOWAS = "369", N_("End of WHOWAS")
    RPL_INFO = "371", ""
    RPL_MOTD = "372", ""
    RPL_ENDOFINFO = "374", N_("End of INFO list")
    RPL_MOTDSTART = "375", N_("- {server} Message of the day - ")
    RPL_ENDOFMOTD = "376", N_("End of /MOTD command.")
    RPL_YOUREOPER = "381", N_("You are now an IRC operator")
    RPL_REHASHING = "382", N_("Rehashing")
    RPL_TIME = "391", ""
    ERR_UNKNOWNERROR = "400", N_("That could not be done")
    ERR_NOSUCHNICK = "401", N_("No such nick/channel")
    ERR_NOSUCHSERVER = "402", N_("No such server")
    ERR_NOSUCHCHANNEL = "403", N_("No such channel")
    ERR_CANNOTSENDTOCHAN = "404", N_("Cannot send to channel")
    ERR_TOOMANYCHANNELS = "405", N_("You have joined too many channels")
    ERR_WASNOSUCHNICK = "406", N_("There was no such nickname")
    ERR_TOOMANYTARGETS = "407", N_("Too many targets; nothing was sent")
    ERR_NOORIGIN = "409", N_("No origin specified")
    ERR_INVALIDCAPCMD = "410", N_("Invalid CAP command")
    ERR_NORECIPIENT = "411", N_("No recipient given ({command})")
    ERR_NOTEXTTOSEND = "412", N_("No text to send")
    ERR_INPUTTOOLONG = "417", N_("Input line was too long")
    ERR_UNKNOWNCOMMAND = "421", N_("Unknown command")
    ERR_NOMOTD = "422", N_("MOTD File is missing")
    ERR_NONICKNAMEGIVEN = "431", N_("No nickname given")
    ERR_ERRONEUSNICKNAME = "432", N_("Erroneous nickname")
    ERR_NICKNAMEINUSE = "433", N_("Nickname is already in use")
    ERR_NICKTOOFAST = "438", N_("Nick change too fast. Please wait a little")
    ERR_USERNOTINCHANNEL = "441", N_("They aren't on that channel")
    ERR_NOTONCHANNEL = "442", N_("You're not on that channel")
    ERR_USERONCHANNEL = "443", N_("is already on channel")
    ERR_NONICKCHANGE = "447", N_("You bear the name you came with; it cannot be changed here")
    ERR_NOTREGISTERED = "451", N_("You have not registered")
    ERR_NEEDMOREPARAMS = "461", N_("Not enough parameters")
    ERR_ALREADYREGISTERED = "462", N_("You may not reregister")
    ERR_PASSWDMISMATCH = "464", N_("Password incorrect")
    ERR_YOUREBANNEDCREEP = "465", N_("You are banned from this server.")
    ERR_CHANNELISFULL = "471", N_("Cannot join channel (+l)")
    ERR_UNKNOWNMODE = "472", N_("is unknown mode char to me")
    ERR_INVITEONLYCHAN = "473", N_("Cannot join channel (+i)")
    ERR_BANNEDFROMCHAN = "474", N_("Cannot join channel (+b)")
    ERR_BADCHANNELKEY = "475", N_("Cannot join channel (+k)")
    ERR_NEEDREGGEDNICK = "477", N_("They let nobody without an account begin a conversation")
    ERR_BANLISTFULL = "478", N_("Channel list is full")
    ERR_NOPRIVILEGES = "481", N_("Permission Denied- You're not an IRC operator")
    ERR_CHANOPRIVSNEEDED = "482", N_("You're not channel operator")
    ERR_CANTKILLSERVER = "483", N_("You can't kill a server!")
    ERR_NOOPERHOST = "491", N_("No O-lines for your host")
    ERR_UMODEUNKNOWNFLAG = "501", N_("Unknown MODE flag")
    ERR_USERSDONTMATCH = "502", N_("Cannot change mode for other users")
    ERR_HELPNOTFOUND = "524", N_("No help available on this topic")
    RPL_WHOISSECURE = "671", N_("is using a secure connection")
    ERR_INVALIDMODEPARAM = "696", N_("That is no parameter of this mode")
    RPL_HELPSTART = "704", ""
    RPL_HELPTXT = "705", ""
    RPL_ENDOFHELP = "706", ""
    RPL_MONONLINE = "730", ""
    RPL_MONOFFLINE = "731", ""
    RPL_MONLIST = "732", ""
    RPL_ENDOFMONLIST = "733", N_("End of MONITOR list")
    ERR_MONLISTFULL = "734", N_("Monitor list is full.")
    RPL_WHOISKEYVALUE = "760", ""
    RPL_KEYVALUE = "761", ""
    RPL_KEYNOTSET = "766", N_("Key not set")
    RPL_METADATASUBOK = "770", ""
    RPL_METADATAUNSUBOK = "771", ""
    RPL_METADATASUBS = "772", ""
    RPL_METADATASYNCLATER = "774", N_("Ask for these with METADATA SYNC")
    RPL_LOGGEDIN = "900", N_("You are now logged in as {account}")
    ERR_NICKLOCKED = "902", N_("You must use a nick assigned to you")
    RPL_SASLSUCCESS = "903", N_("SASL authentication successful")
    ERR_SASLFAIL = "904", N_("SASL authentication failed")
    ERR_SASLTOOLONG = "905", N_("SASL message too long")
    ERR_SASLABORTED = "906", N_("SASL authentication aborted")
    ERR_SASLALREADY = "907", N_("You have already authenticated using SASL")
    RPL_SASLMECHS = "908", N_("are available SASL mechanisms")

    @property
    def digits(self) -> str:
        """As it stands in the line."""
        return self.value[0]

    @property
    def sentence(self) -> str:
        """The words at its end, to be translated and filled in."""
        return self.value[1]
