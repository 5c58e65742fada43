using System.Globalization;
using System.Xml;
using System.Xml.Linq;

namespace Marketplace.Billing;

/// <summary>Reads account statements as banks send them (ISO 20022 <c>camt.053.001.02</c> to <c>.08</c>), an entry at a time: a file of any
/// length needs the memory of its longest entry. Entries that are not booked yet are left out.</summary>
public static class BankStatementXml
{
    private const string Space = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.";
    private const long MostCharacters = 400_000_000;

    /// <summary>The statements of a file in turn, each followed by its movements. What is wrong is noticed when it is reached.</summary>
    /// <exception cref="StatementFormatException">The file is broken or no statement.</exception>
    public static IEnumerable<StatementPart> Read(Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        using var reader = XmlReader.Create(content, new XmlReaderSettings
        {
            DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreComments = true, IgnoreWhitespace = true,
            IgnoreProcessingInstructions = true, MaxCharactersInDocument = MostCharacters,
        });
        Begin(reader);
        var (head, isOpen, entries, statements) = (new HeadSoFar(), false, 0, 0);
        while (Advance(reader))
        {
            if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "Stmt")
            {
                if (!isOpen)
                {
                    yield return new StatementPart(head.Done(reader), null);
                }

                head.RequireSum(reader);
                continue;
            }

            if (reader.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            if (reader is { LocalName: "Stmt", Depth: 2 })
            {
                (head, isOpen, entries, statements) = (new HeadSoFar(), false, 0, statements + 1);
            }
            else if (reader is { Depth: 3, LocalName: "Id" or "Acct" or "Bal" })
            {
                head.Take(Element(reader));
            }
            else if (reader is { LocalName: "Ntry", Depth: 3 })
            {
                if (!isOpen)
                {
                    isOpen = true;
                    yield return new StatementPart(head.Done(reader), null);
                }

                entries++;
                foreach (var movement in EntryReader.Movements(Element(reader), entries))
                {
                    head.Add(movement.Cents);
                    yield return new StatementPart(head.Done(reader), movement);
                }
            }
        }

        if (statements == 0)
        {
            throw new StatementFormatException(Line(reader), "BkToCstmrStmt", "The file holds no statement.");
        }
    }

    private static void Begin(XmlReader reader)
    {
        while (Advance(reader))
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                var version = reader.NamespaceURI.StartsWith(Space, StringComparison.Ordinal) ? reader.NamespaceURI[Space.Length..] : "";
                if (reader.LocalName != "Document" || version is not ("02" or "03" or "04" or "05" or "06" or "07" or "08"))
                {
                    throw new StatementFormatException(Line(reader), reader.LocalName, "This is no account statement of the form camt.053, versions 02 to 08.");
                }

                return;
            }
        }

        throw new StatementFormatException(1, "Document", "The file is empty.");
    }

    private static bool Advance(XmlReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (XmlException broken)
        {
            throw Broken(broken, reader.LocalName);
        }
    }

    private static XElement Element(XmlReader reader)
    {
        var name = reader.LocalName;
        try
        {
            using var subtree = reader.ReadSubtree();
            return XElement.Load(subtree, LoadOptions.SetLineInfo);
        }
        catch (XmlException broken)
        {
            throw Broken(broken, name);
        }
    }

    private static StatementFormatException Broken(XmlException broken, string element) =>
        new(broken.LineNumber, element.Length > 0 ? element : "Document", "The file is broken here or ends too early.");

    private static int Line(XmlReader reader) => reader is IXmlLineInfo { LineNumber: > 0 } info ? info.LineNumber : 1;

    private sealed class HeadSoFar
    {
        private string _id = "";
        private string _account = "";
        private string _currency = "";
        private long? _opening;
        private long? _closing;
        private long _sum;

        public void Take(XElement element)
        {
            switch (element.Name.LocalName)
            {
                case "Id":
                    _id = element.Value.Trim();
                    break;
                case "Acct":
                    _account = (element.Find("Id", "IBAN") ?? element.Find("Id", "Othr", "Id"))?.Value.Trim() ?? "";
                    _currency = element.Find("Ccy")?.Value.Trim() ?? "";
                    break;
                default:
                    var cents = EntryReader.Signed(element);
                    switch (element.Find("Tp", "CdOrPrtry", "Cd")?.Value.Trim())
                    {
                        case "OPBD" or "PRCD":
                            _opening = cents;
                            break;
                        case "CLBD":
                            _closing = cents;
                            break;
                    }

                    break;
            }
        }

        public void Add(long cents) => _sum = checked(_sum + cents);

        public StatementHead Done(XmlReader reader)
        {
            if (_id.Length is 0 or > 35)
            {
                throw new StatementFormatException(Line(reader), "Stmt", "The statement has no identification (Id) of at most 35 characters.");
            }

            return _account.Length == 0
                ? throw new StatementFormatException(Line(reader), "Acct", "The statement does not say of which account it is.")
                : new StatementHead(_id, _account, _currency, _opening, _closing);
        }

        /// <summary>What was booked before and what was booked in it make what is booked after it; else something is missing.</summary>
        public void RequireSum(XmlReader reader)
        {
            if (_opening is { } opening && _closing is { } closing && opening + _sum != closing)
            {
                throw new StatementFormatException(Line(reader), "Bal", string.Create(
                    CultureInfo.InvariantCulture,
                    $"The entries of statement {_id} add up to {_sum / 100m:0.00}, but its balances differ by {(closing - opening) / 100m:0.00}. Entries are missing or doubled."));
            }
        }
    }
}
