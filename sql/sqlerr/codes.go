package sqlerr

// SQLSTATE codes. The first two characters are the class; see [Class]. The
// values are PostgreSQL's, appendix "Error Codes" of its manual.
const (
	// Class 00 and 02: no error.
	CodeSuccess = "00000" // what [Code] gives for a nil error
	CodeNoData  = "02000"

	// Class 08: connections (the servers of driver/serve).
	CodeConnectionFailure = "08006"
	CodeProtocolViolation = "08P01"

	// Class 0A: the text is understood, the engine does not do it.
	CodeUnsupported = "0A000"

	// Class 21: a subquery or row has the wrong number of rows or columns.
	CodeCardinality = "21000"

	// Class 22: the data is at fault.
	CodeDataException          = "22000"
	CodeStringTruncation       = "22001"
	CodeNumericOutOfRange      = "22003"
	CodeNullNotAllowed         = "22004"
	CodeInvalidDatetime        = "22007"
	CodeDatetimeOverflow       = "22008"
	CodeInvalidTimeZone        = "22009"
	CodeSubstringError         = "22011"
	CodeDivisionByZero         = "22012"
	CodeIntervalOverflow       = "22015"
	CodeInvalidCast            = "22018" // invalid character value for cast
	CodeInvalidEscape          = "22025"
	CodeInvalidRegexp          = "2201B"
	CodeInvalidArgument        = "22023" // a parameter value that the function or setting refuses
	CodeInvalidRowCount        = "2201W" // LIMIT
	CodeInvalidOffset          = "2201X" // OFFSET
	CodeInvalidFrame           = "22013" // window frame bound
	CodeInvalidNtile           = "22014" // argument of ntile
	CodeInvalidArgumentForLog  = "2201E"
	CodeInvalidArgumentForPow  = "2201F"
	CodeInvalidSample          = "2202H" // TABLESAMPLE
	CodeArraySubscript         = "2202E"
	CodeInvalidEncoding        = "22021" // bytes that are not UTF-8
	CodeInvalidText            = "22P02" // invalid text representation of a type
	CodeInvalidBinary          = "22P03"
	CodeBadCopyFile            = "22P04" // malformed CSV, JSON, Parquet input
	CodeInvalidJSON            = "22032"
	CodeNonstandardEscape      = "22P06"
	CodeUntranslatableChar     = "22P05"
	CodeDuplicateObjectKey     = "22030" // JSON objects and MAPs
	CodeSequenceLimitExceeded  = "2200H"
	CodeInvalidUseOfEscapeChar = "2200C"

	// Class 23: constraints.
	CodeIntegrity        = "23000"
	CodeNotNullViolation = "23502"
	CodeForeignKey       = "23503"
	CodeUniqueViolation  = "23505"
	CodeCheckViolation   = "23514"

	// Class 25: the transaction is in the wrong state.
	CodeInvalidTransactionState = "25000"
	CodeActiveTransaction       = "25001"
	CodeReadOnly                = "25006" // read-only transaction or database
	CodeNoActiveTransaction     = "25P01"
	CodeFailedTransaction       = "25P02"

	// Class 26 and 34: prepared statements and cursors.
	CodeUnknownStatement = "26000"
	CodeUnknownCursor    = "34000"

	// Class 2B and 2D.
	CodeDependentObjects   = "2BP01"
	CodeInvalidTermination = "2D000"

	// Class 3D and 3F: names of databases and schemas.
	CodeUndefinedDatabase = "3D000"
	CodeUndefinedSchema   = "3F000"

	// Class 40: the transaction must be tried again.
	CodeSerialization = "40001"
	CodeDeadlock      = "40P01"

	// Class 42: the text is at fault.
	CodeSyntaxOrAccess        = "42000"
	CodeSyntax                = "42601"
	CodePrivilege             = "42501" // the sandbox refuses
	CodeCannotCoerce          = "42846"
	CodeGrouping              = "42803"
	CodeWindowing             = "42P20"
	CodeInvalidRecursion      = "42P19"
	CodeInvalidForeignKey     = "42830"
	CodeInvalidName           = "42602"
	CodeNameTooLong           = "42622"
	CodeReservedName          = "42939"
	CodeDatatypeMismatch      = "42804"
	CodeIndeterminateDatatype = "42P18"
	CodeCollationMismatch     = "42P21"
	CodeWrongObjectType       = "42809"
	CodeUndefinedColumn       = "42703"
	CodeUndefinedFunction     = "42883"
	CodeUndefinedTable        = "42P01"
	CodeUndefinedParameter    = "42P02"
	CodeUndefinedObject       = "42704" // type, setting, index, collation
	CodeDuplicateColumn       = "42701"
	CodeDuplicateDatabase     = "42P04"
	CodeDuplicateFunction     = "42723"
	CodeDuplicateStatement    = "42P05"
	CodeDuplicateSchema       = "42P06"
	CodeDuplicateTable        = "42P07"
	CodeDuplicateAlias        = "42712"
	CodeDuplicateObject       = "42710"
	CodeAmbiguousColumn       = "42702"
	CodeAmbiguousFunction     = "42725"
	CodeAmbiguousParameter    = "42P08"
	CodeAmbiguousAlias        = "42P09"
	CodeInvalidColumnRef      = "42P10" // ORDER BY 7 of 3 columns, DISTINCT ON
	CodeInvalidColumnDef      = "42611"
	CodeInvalidTableDef       = "42P16"
	CodeInvalidFunctionDef    = "42P13"
	CodeInvalidSchemaDef      = "42P15"
	CodeInvalidObjectDef      = "42P17"

	// Class 53: resources have run out.
	CodeInsufficientResources = "53000"
	CodeDiskFull              = "53100"
	CodeOutOfMemory           = "53200"
	CodeTooManyConnections    = "53300"
	CodeConfigurationLimit    = "53400"

	// Class 54: a limit of the program.
	CodeLimitExceeded    = "54000"
	CodeTooComplex       = "54001" // nesting depth
	CodeTooManyColumns   = "54011"
	CodeTooManyArguments = "54023"

	// Class 55: the object is in the wrong state.
	CodeInvalidState       = "55000"
	CodeObjectInUse        = "55006" // another process holds the database
	CodeCannotChangeNow    = "55P02" // a setting that is fixed once the instance runs
	CodeLockNotAvailable   = "55P03"
	CodeAdminShutdown      = "57P01" // the database was closed under the query
	CodeCannotConnectNow   = "57P03"
	CodeQueryCancelled     = "57014"
	CodeOperatorIntervened = "57000"

	// Class 58: the system outside the engine.
	CodeSystemError   = "58000"
	CodeIO            = "58030"
	CodeUndefinedFile = "58P01"
	CodeDuplicateFile = "58P02"

	// Class F0: configuration.
	CodeConfigFile = "F0000"

	// Class XX: the engine is at fault, or what it stored is damaged.
	CodeInternal    = "XX000"
	CodeCorruption  = "XX001" // of data: a checksum or structure that does not hold
	CodeIndexDamage = "XX002"
)

// Class returns the first two characters of a SQLSTATE code ("42" of "42703"),
// or the code itself if it is shorter.
func Class(code string) string {
	if len(code) < 2 {
		return code
	}
	return code[:2]
}
