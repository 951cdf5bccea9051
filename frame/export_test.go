package frame

// MaskGeneric is the reference that the tests hold Mask against.
var MaskGeneric = maskGeneric
